import { describe, expect, test } from '@jest/globals';
import { text } from '../../support/scripted-model.ts';
import { OLD_MODEL } from '../model-names.ts';
import { type Stage, ids } from '../stage.ts';

export function models(use: () => Stage): void {
  describe('models', () => {
    test('are those of the upstream', async () => {
      const stage = use();

      const { data } = await stage.client.models.list();
      const model = await stage.client.models.retrieve('gpt-4o');

      expect(ids(data)).toEqual(['gpt-4o', 'gpt-4o-mini', 'gpt-4-turbo', OLD_MODEL]);
      expect(model).toEqual(data[0]);
      const { error, ...failure } = await stage.failure(stage.client.models.retrieve('fake_id'));
      expect(error).toBeInstanceOf(stage.sdk.errors.NotFoundError);
      expect(failure).toMatchObject({ message: "The model 'fake_id' does not exist", param: 'model', code: 'model_not_found' });
    });

    test('of an old name are served by another, under the old name', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ model: OLD_MODEL });
      stage.model.script(text('Hello.'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run).toMatchObject({ status: 'completed', model: OLD_MODEL });
      expect(stage.model.requests[0]?.body.model).toBe('gpt-4o');
      expect(stage.model.requests[0]?.headers.authorization).toBe('Bearer sk-upstream');
      expect(await stage.client.models.retrieve(OLD_MODEL)).toMatchObject({ id: OLD_MODEL, object: 'model' });
    });
  });
}
