// Functions for tests of what runs functions. Each export is a handler.
import { appendFileSync } from 'node:fs';

let invocations = 0;
const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const echo = async (event, context) => ({
  event,
  context: { ...context, remainingMs: context.getRemainingTimeInMillis() },
  now: Date.now(),
  invocations: ++invocations,
  pid: process.pid,
  env: { ...process.env },
});

export const nothing = async () => undefined;

export const fails = async () => {
  throw Object.assign(new TypeError('no such thing'), { secret: 'field' });
};

export const throwsText = async () => {
  throw 'only text';
};

export const exits = async () => process.exit(3);

export const rejectsAside = async () => {
  void Promise.reject(new Error('nobody waits'));
  await after(60_000);
};

export const waitsForNothing = () => new Promise(() => undefined);

export const waits = async ({ ms }) => {
  await after(ms);
  return Date.now();
};

// Answers at once and leaves something to do.
export const leaves = async ({ file, ms, wait = 0 }) => {
  if (file) setTimeout(() => appendFileSync(file, 'done\n'), ms);
  await after(wait);
  return 'answered';
};

export const logs = async ({ words }) => {
  console.log(JSON.stringify({ level: 'INFO', words }));
  console.error('plain words');
  process.stdout.write('no newline');
};

export const dies = async () => {
  process.kill(process.pid, 'SIGKILL');
  await after(60_000);
};

// For batches: what fails is told by the bodies of messages or by the keys of records.
export const batch = async ({ Records }) => {
  const say = (record) => record.body ?? record.dynamodb.Keys.pk.S;
  console.log(JSON.stringify({ batch: Records.map(say) }));
  if (Records.some((record) => say(record).includes('throw'))) throw new Error('as told');
  const failed = Records.filter((record) => say(record).includes('fail'));
  return { batchItemFailures: failed.map((record) => ({ itemIdentifier: record.messageId ?? record.dynamodb.SequenceNumber })) };
};
