import type { Documents } from '../ports/documents.ts';

export const makeDocuments = (): Documents => ({
  refuses: () => undefined,
  read: () => {
    throw new Error('not yet');
  },
});
