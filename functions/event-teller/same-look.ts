import type { Kind, Page, RecordOf, Store } from '../../shared/ports/store.ts';

/**
 * A store whose pages are read once, for the events of one batch: all of these happened before, so an endpoint that was to be told of any of them is
 * found by the first look. Not for longer: who is made later is to be told of what happens then.
 */
export function sameLook(store: Store): Store {
  const looks = new Map<string, Promise<unknown>>();
  return {
    get: (key) => store.get(key),
    page<K extends Kind>(...asked: [K, Parameters<Store['page']>[1], Parameters<Store['page']>[2]]): Promise<Page<RecordOf<K>>> {
      const name = JSON.stringify(asked);
      const look = (looks.get(name) ?? store.page(...asked)) as Promise<Page<RecordOf<K>>>;
      looks.set(name, look);
      return look;
    },
  };
}
