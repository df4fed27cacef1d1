import { describe, expect, test } from '@jest/globals';
import { type Stage, ids } from '../stage.ts';

export function models(use: () => Stage): void {
  describe('models', () => {
    test('are those of the upstream', async () => {
      const stage = use();

      const { data } = await stage.client.models.list();
      const model = await stage.client.models.retrieve('gpt-4o');

      expect(ids(data)).toEqual(['gpt-4o', 'gpt-4o-mini', 'gpt-4-turbo']);
      expect(model).toEqual(data[0]);
      const { error, ...failure } = await stage.failure(stage.client.models.retrieve('fake_id'));
      expect(error).toBeInstanceOf(stage.sdk.errors.NotFoundError);
      expect(failure).toMatchObject({ message: "The model 'fake_id' does not exist", param: 'model', code: 'model_not_found' });
    });
  });
}
