/** A thread of thousands of messages that is deleted, and processes that die of it. */
import { ScanCommand, type ScanCommandInput } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect, it } from '@jest/globals';
import { reapRemoved } from '../../shared/actions/reap-removed.ts';
import type { AwsWorld } from '../../shared/aws/index.ts';
import { type Write, create, remove } from '../../shared/ports/commit.ts';
import { aMessage, anAlias, aRun, aStep, aThread, PROJECT, text } from '../support/records.ts';
import { useEngines } from './aws-stage.ts';
import { type AwsStage, makeAwsWorld } from './aws-world.ts';

const engines = useEngines();
const MESSAGES = 3000;
const RUNS = 30;
/** Every thousandth message has a body in S3. */
const LARGE = 'x'.repeat(310_000);
/** Of the reaper's commits; each process but the last dies at one of them. */
const DEATHS = [35, 45];

async function inHundreds({ commit }: AwsWorld, writes: Write[]): Promise<void> {
  for (let at = 0; at < writes.length; at += 100) await commit({ name: 'put', writes: writes.slice(at, at + 100) });
}

/** The sort keys of all items that a thread has, or had. */
async function itemsOf({ resources }: AwsStage, threadId: string): Promise<string[]> {
  const { db } = (await engines()).hands;
  const found: string[] = [];
  let ExclusiveStartKey: ScanCommandInput['ExclusiveStartKey'];
  do {
    const page = await db.send(new ScanCommand({ TableName: resources.table, ExclusiveStartKey }));
    for (const { pk, sk } of page.Items ?? []) if (pk?.S?.includes(threadId)) found.push(sk?.S ?? '');
    ExclusiveStartKey = page.LastEvaluatedKey;
  } while (ExclusiveStartKey);
  return found;
}

async function objectsIn({ resources, world }: AwsStage): Promise<string[]> {
  await world.drained();
  const { Contents = [] } = await (await engines()).hands.s3.send(new ListObjectsV2Command({ Bucket: resources.bucket }));
  return Contents.map(({ Key = '' }) => Key);
}

/** As the function that is told of removed threads, which dies for good once it has committed so often. */
function reap({ world, feed }: AwsStage, lives: number, seen: { commits: number; mostWrites: number }): { stop(): void } {
  const mortal: AwsWorld = {
    ...world,
    async commit(change) {
      if (seen.commits === lives) return new Promise<never>(() => undefined);
      seen.mostWrites = Math.max(seen.mostWrites, change.writes.length);
      await world.commit(change);
      seen.commits++;
    },
  };
  return feed.consume(async (event) => {
    if (event.type !== 'removed') return;
    await reapRemoved(mortal, event);
    if (event.kind === 'thread') await world.removeContents(event.record);
  });
}

it('leaves no item and no object behind, whatever becomes of those who delete it', async () => {
  let stage = await makeAwsWorld(await engines());
  try {
    const [thread, other] = [aThread({ hasImportedIds: true }), aThread()];
    const threadId = thread.id;
    const messages = Array.from({ length: MESSAGES }, (_, n) => aMessage({ threadId, ...(n % 1000 === 0 && { content: [text(LARGE)] }) }));
    const runs = Array.from({ length: RUNS }, () => aRun('expired', { threadId }));
    const hung = [
      ...messages.map((message) => create('message', message)),
      ...runs.flatMap((run) => [create('run', run), create('step', aStep('completed', { threadId, runId: run.id }))]),
      ...Array.from({ length: 250 }, (_, n) => create('alias', anAlias({ id: `msg_hosted${n}`, threadId }))),
    ];
    await inHundreds(stage.world, [create('thread', thread), create('thread', other), create('message', aMessage({ threadId: other.id })), ...hung]);
    expect(await itemsOf(stage, threadId)).toHaveLength(hung.length + 1);
    expect(await objectsIn(stage)).toHaveLength(MESSAGES / 1000);
    await stage.commit({ name: 'delete', writes: [remove('thread', thread)] });

    const seen = { commits: 0, mostWrites: 0 };
    for (const lives of [...DEATHS, Infinity]) {
      const reaper = reap(stage, lives, seen);
      while (seen.commits < lives && (await itemsOf(stage, threadId)).length > 0) await stage.pass(0);
      // What is under way comes to its end, or to where it died.
      await stage.pass(1000);
      reaper.stop();
      if (lives === Infinity) break;
      expect((await itemsOf(stage, threadId)).length).toBeGreaterThan(MESSAGES / 4);
      stage = await stage.reopen();
    }

    expect(await itemsOf(stage, threadId)).toEqual([]);
    expect(await objectsIn(stage)).toEqual([]);
    expect(seen.mostWrites).toBe(100);
    expect((await stage.store.page('message', [PROJECT, other.id], { order: 'asc', limit: 10 })).items).toHaveLength(1);
  } finally {
    await stage.close();
  }
});
