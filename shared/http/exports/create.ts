import { createExport as create } from '../../actions/create-export.ts';
import { InvalidRequestError } from '../../domain/errors.ts';
import { toWireExport } from '../../wire/export.ts';
import { CreateExport } from '../../wire/requests/exports.ts';
import { endpoint } from '../endpoint.ts';

export const createExport = endpoint({
  body: CreateExport,
  creates: 'export',
  async handle({ world, projectId, body: { format, thread_id: threadId, metadata } }) {
    if (threadId !== undefined && metadata !== undefined) throw new InvalidRequestError("Give either 'thread_id' or 'metadata', not both.", 'metadata', 'invalid_value');
    return toWireExport(await create(world, projectId, threadId === undefined ? { metadata: metadata ?? {} } : { threadId }, format));
  },
});
