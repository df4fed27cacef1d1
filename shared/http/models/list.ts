import type { ModelInfo } from '../../ports/model.ts';
import { endpoint } from '../endpoint.ts';

export const toWireModel = ({ id, created, ownedBy }: ModelInfo) => ({ id, object: 'model', created, owned_by: ownedBy });

export const listModels = endpoint({
  handle: async ({ world }) => ({ object: 'list', data: (await world.model.list()).map(toWireModel) }),
});
