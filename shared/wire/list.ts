import type { Page } from '../ports/store.ts';

export interface ListPage<T> {
  object: 'list';
  data: T[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

export function toWireList<R, T extends { id: string }>(page: Page<R>, toWire: (record: R) => T): ListPage<T> {
  const data = page.items.map(toWire);
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: page.hasMore,
  };
}
