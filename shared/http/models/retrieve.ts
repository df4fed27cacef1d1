import { NotFoundError } from '../../domain/errors.ts';
import { endpoint } from '../endpoint.ts';
import { toWireModel } from './list.ts';

export const retrieveModel = endpoint({
  async handle({ world, id }) {
    const model = (await world.model.list()).find((candidate) => candidate.id === id('model'));
    if (!model) throw new NotFoundError('model', id('model'));
    return toWireModel(model);
  },
});
