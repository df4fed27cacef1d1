import { createFile as create } from '../../actions/create-file.ts';
import { MOST_FILE_BYTES } from '../../domain/file.ts';
import { toWireFile } from '../../wire/file.ts';
import { parseFileFields } from '../../wire/requests/files.ts';
import { endpoint } from '../endpoint.ts';
import { receive } from './receive.ts';

/** Clients may send the file before its purpose, so the purpose is looked at when all has come in. */
export const createFile = endpoint({
  isStream: true,
  creates: 'file',
  handle: (call) =>
    receive(call, {
      field: 'file',
      what: 'file',
      mostBytes: MOST_FILE_BYTES,
      async make({ incoming, fields, filename }) {
        const { purpose, expires_after: expires, filename: name } = parseFileFields(fields, filename);
        return toWireFile(await create(call.world, call.projectId, { filename: name, purpose, expiresAfterSeconds: expires?.seconds }, incoming));
      },
    }),
});
