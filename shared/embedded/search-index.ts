import type { SearchIndex } from '../ports/search-index.ts';

const notYet = async (): Promise<never> => {
  throw new Error('not yet');
};

export const makeSearchIndex = (): SearchIndex => ({ add: notYet, standing: notYet, remove: notYet, drop: notYet, search: notYet, read: notYet, tidy: notYet });
