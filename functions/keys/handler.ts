/**
 * What `npm run keys` is for the embedded world. Invoked by the operator's own AWS credentials; the stack's outputs have the command.
 *
 *   {"do":"create","project":"proj_x","name":"the shop"}   a new key; shown this once (`project` and `name` may be left out)
 *   {"do":"list"}                                          all keys, without their secrets
 *   {"do":"revoke","key":"KEY or ID"}                      a key, or the beginning of its id in the list
 */
import * as z from 'zod';
import { createKey, listKeys, revokeKey } from '../../shared/actions/keys.ts';
import { openKeyRing } from '../../shared/aws/index.ts';
import { DEFAULT_PROJECT, PROJECT_NAME } from '../../shared/domain/api-key.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { readEnv } from '../shared/env.ts';
import { wrap } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { KeysEnv } from './env.ts';

const Order = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('create'), project: z.string().regex(PROJECT_NAME).default(DEFAULT_PROJECT), name: z.string().max(256).default('') }),
  z.strictObject({ do: z.literal('list') }),
  z.strictObject({ do: z.literal('revoke'), key: z.string().min(1) }),
]);

const env = readEnv(KeysEnv);
const telemetry = openTelemetry(env);
const ring = openKeyRing({ resources: { table: env.TABLE_NAME, bucket: env.BLOB_BUCKET }, clock: systemClock, log: telemetry.log });

async function obey(input: unknown): Promise<object> {
  const parsed = Order.safeParse(input);
  if (!parsed.success) return { error: z.prettifyError(parsed.error) };
  const order = parsed.data;
  switch (order.do) {
    case 'create': {
      const { key, record } = await createKey(ring, order.project, order.name);
      return { key, project: record.projectId, note: 'This is the only time that the key is shown.' };
    }
    case 'list':
      return { keys: (await listKeys(ring)).map(({ id, hint, projectId, name, createdAtMs }) => ({ id, hint, project: projectId, name, created: new Date(createdAtMs).toISOString() })) };
    case 'revoke':
      return (await revokeKey(ring, order.key)) ? { revoked: true } : { revoked: false, error: 'no key, or more than one, is meant by that' };
  }
}

export const handler = wrap(telemetry, obey);
