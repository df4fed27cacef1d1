/** What functions are allowed and what they do with it: whatever no scenario here makes use of has to have a reason. */
import { expect, test } from '@jest/globals';
import { calls, hang, text } from '../support/scripted-model.ts';
import { rest } from '../crash/conversation.ts';
import { begin, waiting, ask } from './crash/asking.ts';
import { expectGone, makeLargeThread } from './crash/large-thread.ts';
import { grantedBy, usedBy } from './crash/permissions.ts';
import { TEST_MS, type Scene, useScene } from './crash/outlives.ts';
import { useCode } from './crash/using-code.ts';
import { useFiles } from './crash/using-files.ts';
import { useHistories, useWebhooks } from './crash/using.ts';
import { cloudAssembly } from './harness/assembly.ts';

/** By what it is that is not used. */
const REASONS: [RegExp, string][] = [
  [/ (logs|xray):/, 'goes to CloudWatch and X-Ray, which are not here'],
  [/ kms:(DescribeKey|Encrypt|GenerateDataKey|ReEncrypt\w+)$/, 'AWS’s own list for services that keep data under a customer’s key; the front asks for what each call needs alone'],
  [/ (dynamodb:(DescribeStream|ListStreams|GetShardIterator)|sqs:GetQueue(Url|Attributes))$/, 'what Lambda asks for when a mapping is made, which was before this test'],
  [/ s3:ListBucket$/, 'is never called: it makes S3 tell the truth about what is missing'],
  [/^DeadLetters sqs:SendMessage$/, 'when a run changes at the very moment: the job is looked at again'],
  [/^(ThreadReaper|EventTeller) sqs:SendMessage$/, 'what is given up: reaper.test.ts'],
  [/^DeadLetters (dynamodb:(BatchGetItem|Query)|s3:AbortMultipartUpload|states:St(art|op)Execution)$/, 'whatever a job asks for: it does what nobody could, once more'],
  [/^RunWorker states:StopExecution$/, 'for a run that waited and whose last output an endpoint brings: tool-endpoints.test.ts'],
  [/^FileIndexer s3:AbortMultipartUpload$/, 'LanceDB, when it gives up what it has begun to write in parts'],
  [/^RunWorker dynamodb:ConditionCheckItem$/, 'for a run that waited for its thread and brings files with it: scenarios/attachments.ts'],
  [/^RunWorker dynamodb:DeleteItem$/, 'for what code has written and nobody keeps, as when its run is cancelled: test/unit/engine-run-code.test.ts'],
  [/^Upload dynamodb:DeleteItem$/, 'for what is refused when some of it has come in: test/e2e/files.test.ts'],
  [/^Upload s3:(Get|Delete)Object$/, 'for an upload that S3 says is over, and for records too large for the table: test/contract/suites'],
  [/^ThreadReaper s3:AbortMultipartUpload$/, 'an upload that S3 has lost in the middle: test/contract/suites'],
];
const LARGE = 'ü'.repeat(200_000);

const scene = useScene();
const FAILED = { refuse: { status: 400, type: 'com.amazonaws.dynamodb.v20120810#ValidationException' } };
const LOOKUP = () => calls([{ name: 'lookup', arguments: {} }]);

async function operate({ server: { deployment } }: Scene): Promise<void> {
  const keys = deployment.fn('Keys');
  const { key } = (await keys.invoke({ do: 'create' })) as { key: string };
  await keys.invoke({ do: 'list' });
  await keys.invoke({ do: 'revoke', key });
}

async function administer({ client: { client } }: Scene): Promise<void> {
  const { id } = await client.beta.assistants.create({ model: 'gpt-4o' });
  await client.beta.assistants.update(id, { name: 'Changed' });
  await client.beta.assistants.list();
  await client.beta.assistants.delete(id);
  await client.models.list();
}

/** A message too large for the table, in a thread that a run answers. */
async function talkAtLength({ client: { client }, model }: Scene): Promise<void> {
  model.always(text('Yes.'));
  const { id: assistant_id } = await client.beta.assistants.create({ model: 'gpt-4o' });
  const { threads } = client.beta;
  const { id: thread_id } = await threads.create();
  const message = await threads.messages.create(thread_id, { role: 'user', content: LARGE });
  await threads.messages.update(message.id, { thread_id, metadata: { seen: 'yes' } });
  await threads.messages.delete(message.id, { thread_id });
  await threads.messages.create(thread_id, { role: 'user', content: LARGE });
  expect((await threads.runs.createAndPoll(thread_id, { assistant_id }, { pollIntervalMs: 20 })).status).toBe('completed');
}

/** Runs that end in every way there is. */
async function end(its: Scene): Promise<void> {
  const { client, saboteur } = its;
  const { runs } = client.client.beta.threads;
  for (const streamed of [false, true]) {
    begin(its, LOOKUP(), text('Well.'));
    const answered = await waiting(its, streamed);
    const { required_action: action } = await runs.retrieve(answered.runId, { thread_id: answered.threadId });
    const tool_outputs = (action?.submit_tool_outputs.tool_calls ?? []).map(({ id }) => ({ tool_call_id: id, output: 'sunny' }));
    await runs.submitToolOutputs(answered.runId, { thread_id: answered.threadId, tool_outputs });
    expect((await rest(client, answered.threadId, answered.runId)).status).toBe('completed');
    begin(its, LOOKUP());
    const cancelled = await waiting(its, streamed);
    await runs.cancel(cancelled.runId, { thread_id: cancelled.threadId });
    expect((await rest(client, cancelled.threadId, cancelled.runId)).status).toBe('cancelled');
    // A run that is too large for the table, and a timer that cannot read it at first.
    begin(its, LOOKUP());
    const expiring = await waiting(its, streamed, { instructions: LARGE });
    let failures = streamed ? 0 : 1;
    saboteur.kill(({ operation }, point) => (point.startsWith('RunTimer') && operation === 'GetItem' && failures-- > 0 ? FAILED : undefined));
    await client.pass(expiring.leftMs, expiring.leftMs);
    await client.pass(12_000);
  }
  // Its window closes under its driver, whose job is looked into meanwhile.
  const slow = hang('Hmm…');
  begin(its, slow);
  const { threadId, runId } = await ask(its, true);
  await slow.reached;
  await client.pass(40_000);
  await runs.cancel(runId, { thread_id: threadId });
  await client.pass(8000);
  // Nobody can drive it, until the dead letters see to it.
  begin(its);
  saboteur.kill((_, point) => (point.startsWith('RunWorker ChangeMessageVisibility') ? 'after' : undefined));
  const dead = await ask(its, false, { instructions: LARGE });
  expect((await rest(client, dead.threadId, dead.runId)).status).toBe('failed');
}

test('every permission is made use of, or has its reason', async () => {
  const its = scene();
  const used = new Set<string>();
  its.saboteur.observe(({ functionId, asked }) => usedBy(functionId, asked).forEach((action) => used.add(action)));

  its.server.expectError('job_failed');
  await operate(its);
  await administer(its);
  await talkAtLength(its);
  await end(its);
  const thread = await makeLargeThread(its);
  await its.client.client.get('/threads');
  await useWebhooks(its);
  await useHistories(its);
  await useFiles(its);
  await useCode(its);
  await its.client.client.beta.threads.delete(thread.threadId);
  await expectGone(its, thread);

  const unused = grantedBy(cloudAssembly()).filter((action) => !used.has(action));
  const unexplained = unused.filter((action) => !REASONS.some(([pattern]) => pattern.test(action)));
  expect(unexplained).toEqual([]);
  its.server.expectNoErrors();
}, 2 * TEST_MS);
