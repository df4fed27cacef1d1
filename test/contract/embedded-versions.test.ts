/** Folders that earlier versions of Threadkeep have left behind: real ones, made by those versions (folders/version-N.db.gz). */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { EmbeddedWorld } from '../../shared/embedded/index.ts';
import { create } from '../../shared/ports/commit.ts';
import { type FeedEvent, isExpired } from '../../shared/ports/feed.ts';
import type { Delivery } from '../../shared/ports/queue.ts';
import { type Kind, keyOf, SCHEMAS } from '../../shared/ports/store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { aThread, aWebhookEndpoint, PROJECT } from '../support/records.ts';
import { newFolder, openFolder } from './embedded-world.ts';
import { SAMPLES } from './samples.ts';
import { DONE } from './suites/deliveries.ts';
import { until } from './suites/stage.ts';

let folder: string;
let world: EmbeddedWorld;
const stops: (() => void)[] = [];
const start = (consumer: { stop(): void }) => stops.push(() => consumer.stop());

/** The version that this one brings every folder to. */
const NEWEST = 4;
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  world.close();
  rmSync(folder, { recursive: true });
});

type Counts = Partial<Record<Kind, number>>;

/** What the folders were made with: every sample that there was then, and more of some. */
const VERSIONS: [version: number, threads: number, counts: Counts][] = [
  [1, 3, { assistant: 3, thread: 3 + 1, message: 7 + 1, run: 20, step: 12, api_key: 2 + 1, idempotency: 2 }],
  [2, 4, { assistant: 3, thread: 4, message: 7, run: 24, step: 13, api_key: 2 + 1, idempotency: 2, project: 3, webhook_endpoint: 2, delivery: 6, export: 7, alias: 2, tool_endpoint: 3 }],
  [
    3,
    4,
    {
      ...{ assistant: 3, thread: 4, message: 7, run: 24, step: 14, api_key: 2 + 1, idempotency: 2, project: 3, webhook_endpoint: 2, delivery: 6, export: 7, alias: 2, tool_endpoint: 3 },
      ...{ file: 2, file_place: 1, upload: 7, upload_part: 1, vector_store: 3, vector_store_file: 5, file_batch: 2 },
    },
  ],
];

describe.each(VERSIONS)('a folder of version %i', (made, threads, counts) => {
  beforeEach(async () => {
    folder = newFolder();
    writeFileSync(join(folder, 'threadkeep.db'), gunzipSync(readFileSync(new URL(`folders/version-${made}.db.gz`, import.meta.url))));
    world = await openFolder(folder, new ManualClock());
  });

  it('is brought up to date, once', async () => {
    const version = () => world.db.sql('PRAGMA user_version').get()?.['user_version'];
    expect(version()).toBe(NEWEST);
    world.close();
    world = await openFolder(folder, new ManualClock());
    expect(version()).toBe(NEWEST);
  });

  it('has all its records, which are read as they were', async () => {
    for (const [kind, count] of Object.entries(counts) as [Kind, number][]) {
      const rows = world.db.sql(`SELECT scope, body FROM ${kind}`).all();
      expect([kind, rows.length]).toEqual([kind, count]);
      for (const { body } of rows) expect(SCHEMAS[kind].parse(JSON.parse(String(body)))).toEqual(JSON.parse(String(body)));
    }
    const { items } = await world.store.page('thread', [PROJECT], { order: 'asc', limit: 10 });
    expect(items).toHaveLength(threads);
  });

  it('takes what that version did not know', async () => {
    for (const kind of (Object.keys(SAMPLES) as Kind[]).filter((kind) => made === 1 || counts[kind] === undefined)) {
      for (const record of SAMPLES[kind]) {
        await world.commit({ name: 'new', writes: [create(kind, record)] });
        expect(await world.store.get(keyOf(kind, record))).toStrictEqual(record);
      }
    }
  });

  it('still has the work and the news that were waiting', async () => {
    const jobs: Delivery[] = [];
    const events: FeedEvent[] = [];
    start(world.queue.consume(async (delivery) => (jobs.push(delivery), DONE)));
    start(world.feed.consume(async (event) => void events.push(event)));
    await until(() => jobs.length > 0 && events.length > 0, 'the job and the removal have come');
    expect(jobs).toMatchObject([{ job: { type: 'drive-run', projectId: 'proj_default' }, attempt: 1 }]);
    expect(events).toMatchObject([{ type: 'removed', kind: 'thread', record: { metadata: { is: 'gone' } } }]);
    expect(events.map((event) => event.type === 'removed' && isExpired(event))).toEqual([false]);
    const names = () => world.db.sql('SELECT name FROM job').all().map(({ name }) => name);
    await until(() => !names().includes('drive:run_000000000000000000000001'), 'the job is done with');
    expect(names()).toEqual(['expire:run_000000000000000000000001:0']);
  });

  it('tells of what is done from now on', async () => {
    const events: FeedEvent[] = [];
    start(world.feed.consume(async (event) => void events.push(event)));
    await world.commit({ name: 'new', writes: [create('webhook_endpoint', aWebhookEndpoint())] });
    const thread = aThread();
    await world.commit({ name: 'new', writes: [create('thread', thread)] });
    await until(() => events.some(({ record }) => record.id === thread.id), 'the new thread is told');
  });
});
