import type { Page } from '../ports/store.ts';

export interface ListPage<T> {
  object: 'list';
  data: T[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

export function toWireList<R extends { id: string }, T>(page: Page<R>, toWire: (record: R) => T): ListPage<T> {
  return {
    object: 'list',
    data: page.items.map(toWire),
    first_id: page.items[0]?.id ?? null,
    last_id: page.items.at(-1)?.id ?? null,
    has_more: page.hasMore,
  };
}
