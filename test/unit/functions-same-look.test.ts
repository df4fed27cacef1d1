import { expect, it } from '@jest/globals';
import { sameLook } from '../../functions/event-teller/same-look.ts';
import type { Store } from '../../shared/ports/store.ts';

const FIRST = { order: 'asc', limit: 10 } as const;

it('a batch looks for the endpoints of each project once, and the next batch looks anew', async () => {
  const looks: string[] = [];
  const store: Store = {
    get: () => Promise.resolve(undefined),
    page(kind, scope) {
      looks.push(`${kind} ${scope.join()} ${looks.length}`);
      return Promise.resolve({ items: [], hasMore: false });
    },
  };
  const batch = sameLook(store);
  const [one, another] = await Promise.all([batch.page('webhook_endpoint', ['proj_1'], FIRST), batch.page('webhook_endpoint', ['proj_1'], FIRST)]);
  expect(another).toBe(one);
  await batch.page('webhook_endpoint', ['proj_2'], FIRST);
  await batch.page('delivery', ['proj_1', 'we_1'], FIRST);
  await sameLook(store).page('webhook_endpoint', ['proj_1'], FIRST);
  expect(looks).toEqual(['webhook_endpoint proj_1 0', 'webhook_endpoint proj_2 1', 'delivery proj_1,we_1 2', 'webhook_endpoint proj_1 3']);
});
