/** A thread with as much under it as the reaper takes several commits for, and with a body in S3. */
import { ListBucketsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { expect } from '@jest/globals';
import { createAssistant, rest } from '../../crash/conversation.ts';
import { calls, text } from '../../support/scripted-model.ts';
import { begin } from './asking.ts';
import { itemsOf } from './cloud-ledger.ts';
import type { Scene } from './outlives.ts';

const MANY = 250;
/** In UTF-8 more than an item takes. */
const LARGE = 'ü'.repeat(200_000);

export interface LargeThread {
  threadId: string;
  /** Keys of its bodies in S3. */
  bodies: string[];
}

/** Two runs, one of which waited for outputs that never came. */
export async function makeLargeThread(scene: Scene): Promise<LargeThread> {
  const { client, server } = scene;
  begin(scene, calls([{ name: 'lookup', arguments: {} }]));
  scene.model.script(text('I see.'), calls([{ name: 'lookup', arguments: {} }], { text: 'Let me see.' }));
  const { s3 } = server.deployment.engines.hands;
  const others = await objectsOf(s3);
  const assistant_id = await createAssistant(client);
  const { threads } = client.client.beta;
  const messages = Array.from({ length: MANY - 1 }, (_, n) => ({ role: 'user' as const, content: `Question ${n}` }));
  const { id } = await threads.create({ messages });
  await threads.messages.create(id, { role: 'user', content: LARGE });
  for (const status of ['completed', 'requires_action']) {
    const run = await threads.runs.create(id, { assistant_id });
    expect((await rest(client, id, run.id)).status).toBe(status);
  }
  // By then what is left to do for the runs has been found done.
  await client.pass(600_000, 600_000);
  await client.pass(4000);
  expect((await itemsOf(server.deployment, id)).length).toBeGreaterThan(MANY + 5);
  const bodies = (await objectsOf(s3)).filter((key) => !others.includes(key));
  expect(bodies).toHaveLength(1);
  return { threadId: id, bodies };
}

/** Keys of all objects in all buckets. */
export async function objectsOf(s3: S3Client): Promise<string[]> {
  const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
  const lists = await Promise.all(Buckets.map(({ Name }) => s3.send(new ListObjectsV2Command({ Bucket: Name }))));
  return lists.flatMap(({ Contents = [] }) => Contents.map(({ Key = '' }) => Key));
}

/** Nothing of the thread is left, in the table or beside it. */
export async function expectGone({ client, server: { deployment } }: Scene, { threadId, bodies }: LargeThread): Promise<void> {
  const left = async (): Promise<unknown[]> => {
    const objects = await objectsOf(deployment.engines.hands.s3);
    return [...(await itemsOf(deployment, threadId)), ...bodies.filter((key) => objects.includes(key))];
  };
  await client.eventually('nothing is left of the thread', async () => ((await left()).length === 0 ? true : undefined));
  await client.pass(8000);
  expect(await left()).toEqual([]);
}
