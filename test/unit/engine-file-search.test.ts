import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { cancelRun } from '../../shared/actions/cancel-run.ts';
import { searchesOf } from '../../shared/domain/run-step.ts';
import { NO_FILES } from '../../shared/domain/vector-store.ts';
import { MOST_SEARCHES } from '../../shared/engine/offer-tools.ts';
import { countTokens } from '../../shared/tools/tokens.ts';
import { PROJECT } from './sample-records.ts';
import { SearchStage, says, searches } from './search-stage.ts';

// Searches of a run: what the model sees of them, what becomes of failures, when they end, and what a run waits for before it begins.

const lastWas = (request: { messages: { role: string }[] }): string => request.messages.at(-1)?.role ?? '';
const once = (...queries: string[]) => (request: { messages: { role: string }[] }) => (lastWas(request) === 'tool' ? says('Done.') : searches(...queries));
const waiting = { ...NO_FILES, inProgress: 1 };
const turns = async () => {
  for (let n = 0; n < 50; n++) await turn();
};

/** A run whose search has begun and never ends. */
async function hanging(stage: SearchStage) {
  stage.answer = once('cheese');
  const begun = Promise.withResolvers<void>();
  stage.search = () => (begun.resolve(), new Promise(() => undefined));
  const run = await stage.newRun();
  const driving = stage.drive(run);
  await begun.promise;
  return { run, driving };
}

describe('a search', () => {
  it('that fails is told to the model and to the log, and the run goes on', async () => {
    await using stage = await SearchStage.start();
    stage.answer = once('cheese');
    stage.search = () => Promise.reject(new Error('the disk is gone'));

    const run = await stage.driven(await stage.newRun());

    expect([run.status, stage.logged]).toEqual(['completed', ['file_search_failed']]);
    expect(stage.shown).toEqual(['Error: the search failed. Say so if you cannot answer without it.\n\nNothing was found.']);
    expect((await stage.stepsOf(run)).flatMap(searchesOf)).toMatchObject([{ results: [], ordinal: 4 }]);
  });

  it('in an expired store says so, beside what the others have', async () => {
    await using stage = await SearchStage.start();
    stage.answer = once('cheese');

    const threadStore = stage.store('vs_old', { expiresAfterDays: 1 });
    const created = await stage.newRun({ threadStore });
    await stage.change(threadStore, { lastActiveAtMs: 1 });
    const run = await stage.driven(created);

    expect(run.status).toBe('completed');
    expect(stage.shown[0]).toMatch(/^The vector store vs_old has expired: its files could not be searched\.\n\n.*\n\n【4:0†foods.txt】\nBlue cheese\.$/s);
  });

  it('is made so often in a run and no oftener; a model that cannot stop ends its run', async () => {
    await using stage = await SearchStage.start();
    stage.answer = () => searches('a', 'b', 'c', 'd', 'e');

    const run = await stage.driven(await stage.newRun());

    expect(run).toMatchObject({ status: 'failed', lastError: { code: 'server_error', message: 'The model kept calling functions without answering.' } });
    const made = (await stage.stepsOf(run)).flatMap(searchesOf);
    expect(made.filter(({ results }) => results?.length).map(({ ordinal }) => ordinal)).toEqual(Array.from({ length: MOST_SEARCHES }, (_, n) => n + 4));
    expect(made.at(-1)?.note).toMatch(/^A run can make 32 searches/);
    expect(stage.requests).toHaveLength(Math.ceil(MOST_SEARCHES / 5) + 8);
  });

  it('is not offered once they are used up, so that the model answers', async () => {
    await using stage = await SearchStage.start();
    stage.answer = ({ tool_choice: choice }) => (choice === 'none' ? says('All that I know.') : searches('a', 'b', 'c', 'd', 'e'));

    const run = await stage.driven(await stage.newRun());

    expect([run.status, stage.requests.length]).toEqual(['completed', Math.ceil(MOST_SEARCHES / 5) + 1]);
  });

  it('that takes too long has failed, and the run goes on', async () => {
    await using stage = await SearchStage.start();
    const { run, driving } = await hanging(stage);
    await stage.clock.pass(29_900);
    expect(stage.requests).toHaveLength(1);
    await stage.clock.pass(200);
    await driving;

    expect([(await stage.runNow(run)).status, stage.logged]).toEqual(['completed', ['file_search_failed']]);
    expect(stage.shown).toEqual(['Error: the search failed. Say so if you cannot answer without it.\n\nNothing was found.']);
  });

  it.each([
    [128_000, 16_000],
    [32_000, 8000],
    [8000, 2000],
  ])('shows in a window of %i tokens no more than %i', async (contextWindow, most) => {
    await using stage = await SearchStage.start();
    stage.contextWindow = contextWindow;
    stage.texts = Array.from({ length: 50 }, (_, n) => `Chunk ${n}: ${'the quick brown fox jumps over the lazy dog '.repeat(80)}`);
    stage.answer = once('fox');

    const run = await stage.driven(await stage.newRun({ tools: [{ type: 'file_search', file_search: { max_num_results: 50 } }] }));

    expect(run.status).toBe('completed');
    const [output = ''] = stage.shown;
    const tokens = await countTokens(output);
    expect(tokens).toBeLessThanOrEqual(most);
    expect(tokens).toBeGreaterThan(most * 0.6);
    // Stored are all of them.
    expect((await stage.stepsOf(run)).flatMap(searchesOf)[0]?.results).toHaveLength(50);
  });

  it('of long ago gives way to later ones', async () => {
    await using stage = await SearchStage.start();
    stage.contextWindow = 8000;
    stage.texts = Array.from({ length: 20 }, (_, n) => `Chunk ${n}: ${'the quick brown fox jumps over the lazy dog '.repeat(80)}`);
    let asked = 0;
    stage.answer = () => (asked++ < 4 ? searches('fox') : says('Done.'));

    expect((await stage.driven(await stage.newRun())).status).toBe('completed');

    const tokens = await Promise.all(stage.shown.map((output) => countTokens(output)));
    expect(stage.shown[0]).toBe('The results are no longer at hand. Search again if you need them.');
    expect(tokens.reduce((sum, each) => sum + each, 0)).toBeLessThan(4000);
    expect(tokens.at(-1)).toBeGreaterThan(1000);
  });

  it('counts against the run’s limit of prompt tokens', async () => {
    await using stage = await SearchStage.start();
    stage.texts = ['the quick brown fox jumps over the lazy dog '.repeat(200)];
    stage.answer = once('fox');

    const run = await stage.driven(await stage.newRun({ maxPromptTokens: 1000 }));

    expect(run.status).toBe('completed');
    const [output = ''] = stage.shown;
    expect(output).toMatch(/ …$/);
    expect(await countTokens(JSON.stringify(stage.requests.at(-1)))).toBeLessThan(1000);
  });

  it('is dropped at once when its run is cancelled', async () => {
    await using stage = await SearchStage.start();
    const { run, driving } = await hanging(stage);

    await cancelRun(stage.world(), PROJECT, run.threadId, run.id);
    stage.signals.changed(run.id);
    await driving;

    expect((await stage.runNow(run)).status).toBe('cancelled');
    expect((await stage.stepsOf(run)).map(({ status }) => status)).toEqual(['cancelled']);
  });
});

describe('before its first model call', () => {
  it('a run waits until its thread’s files are indexed', async () => {
    await using stage = await SearchStage.start();
    const threadStore = stage.store('vs_thread', { counts: waiting });
    const run = await stage.newRun({ threadStore });
    const driving = stage.drive(run);
    await stage.clock.pass(20_000);
    expect(stage.requests).toEqual([]);

    await stage.change(threadStore, { counts: NO_FILES });
    await stage.clock.pass(250);
    await driving;

    expect((await stage.runNow(run)).status).toBe('completed');
  });

  it('it waits a minute at most, whoever drives it, and keeps its lease', async () => {
    await using stage = await SearchStage.start();
    const run = await stage.newRun({ threadStore: stage.store('vs_thread', { counts: waiting }) });
    const giveBack = new AbortController();
    const first = stage.drive(run, 'first', giveBack.signal);
    await stage.clock.pass(40_000);
    giveBack.abort();
    expect(await first).toEqual({ done: false, againInMs: 0 });
    const second = stage.drive(await stage.runNow(run), 'second');
    await stage.clock.pass(19_000);
    expect(stage.requests).toEqual([]);
    await stage.clock.pass(1500);
    await second;
    expect(stage.requests).toHaveLength(1);
    expect((await stage.runNow(run)).status).toBe('completed');
  });

  it('it can be cancelled', async () => {
    await using stage = await SearchStage.start();
    const run = await stage.newRun({ threadStore: stage.store('vs_thread', { counts: waiting }) });
    const driving = stage.drive(run);
    await stage.clock.pass(1000);
    await cancelRun(stage.world(), PROJECT, run.threadId, run.id);
    stage.signals.changed(run.id);
    await turns();
    await driving;
    expect([(await stage.runNow(run)).status, stage.requests]).toEqual(['cancelled', []]);
  });

  it.each([
    ['without the tool', { tools: [] }],
    ['that must not call anything', { toolChoice: 'none' as const }],
  ])('a run %s waits for nothing', async (_, given) => {
    await using stage = await SearchStage.start();
    const run = await stage.driven(await stage.newRun({ threadStore: stage.store('vs_thread', { counts: waiting }), ...given }));
    expect(run.status).toBe('completed');
  });
});
