/** Whether a record that is there is the one that a line says: then nothing is to be done, else nothing may be. */
import { isDeepStrictEqual } from 'node:util';
import type { Kind, RecordOf } from '../ports/store.ts';
import { toWireAssistant } from '../wire/assistant.ts';
import { toMessageData, toRunData, toStepData, toThreadData } from './to-lines.ts';

const DATA = { assistant: toWireAssistant, thread: toThreadData, message: toMessageData, run: toRunData, step: toStepData } as const;
export type ImportKind = keyof typeof DATA & Kind;

/** Use is no content: a thread that has been used since, or counts as used since its import, is the same. */
/** The place of a message is that of its first import. */
const LEFT_OUT: Partial<Record<ImportKind, readonly string[]>> = {
  thread: ['last_active_at', 'last_active_at_ms', 'expires_at', 'retention', 'export_on_expiry'],
  message: ['sort_id'],
};

export function isSame<K extends ImportKind>(kind: K, there: RecordOf<K>, given: RecordOf<K>): boolean {
  const [a, b] = [dataOf(kind, there), dataOf(kind, given)];
  for (const name of LEFT_OUT[kind] ?? []) {
    delete a[name];
    delete b[name];
  }
  return isDeepStrictEqual(a, b);
}

const dataOf = <K extends ImportKind>(kind: K, record: RecordOf<K>): Record<string, unknown> => {
  const toData = DATA[kind] as (record: RecordOf<K>) => object;
  return JSON.parse(JSON.stringify(toData(record))) as Record<string, unknown>;
};
