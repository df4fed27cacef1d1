import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { driveJob } from '../../shared/actions/run-jobs.ts';
import type { MessageDelta, RunEvent } from '../../shared/domain/run-event.ts';
import type { Run } from '../../shared/domain/run.ts';
import type { EmbeddedWorld } from '../../shared/embedded/index.ts';
import { followRun } from '../../shared/engine/follow-run.ts';
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import type { Model, ModelChunk } from '../../shared/ports/model.ts';
import type { ManualClock } from '../support/manual-clock.ts';
import { ruledListener } from '../support/ruled-listener.ts';
import { PROJECT } from './sample-records.ts';
import { newRunOn, openStillWorld } from './still-world.ts';

// Processes are told apart by their signals and their owner's name; they share one store, as Lambdas do.

const STOP = 'stop';
const toChunk = (said: string): ModelChunk => (said === STOP ? { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } } : { choices: [{ index: 0, delta: { content: said } }] });

/** Says what it is told to say, word by word, to the call that came last. */
class SpeakingModel implements Model {
  #calls: { say(word: string): void }[] = [];

  async *stream(_request: unknown, signal: AbortSignal): AsyncGenerator<ModelChunk> {
    const words: string[] = [];
    let wake: () => void = () => undefined;
    this.#calls.push({ say: (word) => (words.push(word), wake()) });
    signal.addEventListener('abort', () => wake());
    for (;;) {
      signal.throwIfAborted();
      const word = words.shift();
      if (word !== undefined) yield toChunk(word);
      if (word === STOP) return;
      if (words.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  async say(...words: string[]): Promise<void> {
    for (const word of words) this.#calls.at(-1)?.say(word);
    await settled();
  }

  list = () => Promise.resolve([]);
}

async function settled(): Promise<void> {
  for (let n = 0; n < 30; n++) await turn();
}

let clock: ManualClock;
let close: () => void;
let model: SpeakingModel;
let embedded: EmbeddedWorld;
beforeEach(async () => {
  model = new SpeakingModel();
  ({ clock, embedded, close } = await openStillWorld());
});
afterEach(() => close());

/** One process among several: who dies is known to nobody. */
class Process {
  readonly signals = new RunSignals();
  readonly #owner: string;

  constructor(owner: string) {
    this.#owner = owner;
  }

  /** Drives the run until the model has nothing more to say for now. */
  async drive(run: Run) {
    const time = new AbortController();
    const world = { ...embedded, model, owner: this.#owner, isGone: () => false };
    const leaving = handleJob(world, this.signals, { job: driveJob(run, clock.nowMs()).job, attempt: 1 }, time.signal);
    await settled();
    return { leaving, giveBack: async () => (time.abort(), await leaving) };
  }

  async follow(run: Run) {
    const { events, problems, emit } = ruledListener();
    const client = new AbortController();
    const following = followRun({ ...embedded, model }, this.signals, { projectId: PROJECT, threadId: run.threadId, runId: run.id }, emit, client.signal);
    await settled();
    return { following, problems, leave: () => client.abort(), told: () => events.splice(0).map(gist) };
  }
}

/** What kind of event it is, and what was said. */
function gist(event: RunEvent): string {
  const name = event.type.replace('thread.', '');
  if (event.type !== 'thread.message.delta') return name;
  return `${name} ${event.content.map(spoken).join('|')}`;
}

function spoken(part: MessageDelta): string {
  if (part.type === 'text') return part.text.value;
  return part.type === 'refusal' ? part.refusal : part.image_file.file_id;
}

const newRun = (): Promise<Run> => newRunOn(embedded);

const BEGUN = ['run.created', 'run.queued', 'run.in_progress'];
const OPENED = ['run.step.created', 'run.step.in_progress', 'message.created', 'message.in_progress'];
const COMPLETED = ['message.completed', 'run.step.completed', 'run.completed'];

describe('a run that is followed', () => {
  it('in the process of its driver is heard word by word, from the first one on', async () => {
    const here = new Process('here');
    const run = await newRun();
    const early = await here.follow(run);
    await here.drive(run);
    await model.say('One');
    const late = await here.follow(run);
    await model.say(' two', ' three');

    expect(early.told()).toEqual([...BEGUN, ...OPENED, 'message.delta One', 'message.delta  two', 'message.delta  three']);
    expect(late.told()).toEqual([...BEGUN, ...OPENED, 'message.delta One', 'message.delta  two', 'message.delta  three']);
    await model.say(STOP);
    await Promise.all([early.following, late.following]);
    expect([early.told(), late.told()]).toEqual([COMPLETED, COMPLETED]);
    expect(here.signals.tellings.size).toBe(0);
    expect([...early.problems, ...late.problems]).toEqual([]);
  });

  it('from another process is seen message by message', async () => {
    const [here, there] = [new Process('here'), new Process('there')];
    const run = await newRun();
    const follower = await here.follow(run);
    expect(follower.told()).toEqual(BEGUN.slice(0, 2));
    await there.drive(run);
    await model.say('One', ' two');
    await clock.pass(500);

    expect(follower.told()).toEqual(['run.in_progress']);
    await model.say(STOP);
    await clock.pass(500);
    await follower.following;
    expect(follower.told()).toEqual([...OPENED, 'message.delta One two', ...COMPLETED]);
    expect(follower.problems).toEqual([]);
  });

  it.each([
    ['in this process', true],
    ['in another one', false],
  ])('closes what was half said when a driver stops here and another begins anew %s', async (_where, isHere) => {
    const here = new Process('here');
    const next = isHere ? here : new Process('there');
    const run = await newRun();
    const first = await here.drive(run);
    await model.say('Half of');
    const follower = await here.follow(run);
    await first.giveBack();
    clock.advance(1);
    await next.drive(run);
    await model.say('The', ' whole.', STOP);
    await clock.pass(500);
    await follower.following;

    const pieces = isHere ? ['message.delta The', 'message.delta  whole.'] : ['message.delta The whole.'];
    expect(follower.told()).toEqual([...BEGUN, ...OPENED, 'message.delta Half of', 'message.incomplete', 'run.step.failed', ...OPENED, ...pieces, ...COMPLETED]);
    expect(follower.problems).toEqual([]);
  });

  it('past its window is expired, whatever is written down', async () => {
    const [here, there] = [new Process('here'), new Process('there')];
    const run = await newRun();
    await there.drive(run);
    const follower = await here.follow(run);
    clock.advance(600_000);
    await settled();
    await follower.following;

    expect(follower.told()).toEqual([...BEGUN, 'run.expired']);
    const late = await here.follow(await newRun());
    late.leave();
    await late.following;
  });

  it.each(['while nobody drives it', 'while it is driven here', 'before the first look'])('leaves nothing behind when its follower leaves %s', async (when) => {
    const [here, there] = [new Process('here'), new Process('there')];
    const run = await newRun();
    const driver = await (when === 'while it is driven here' ? here : there).drive(run);
    const before = { alarms: clock.pending, runs: here.signals.tellings.size };
    if (when === 'before the first look') {
      const gone = AbortSignal.abort();
      await followRun(embedded, here.signals, { projectId: PROJECT, threadId: run.threadId, runId: run.id }, () => expect('nothing').toBe('told'), gone);
    } else {
      const follower = await here.follow(run);
      expect(clock.pending).toBe(before.alarms + (when === 'while it is driven here' ? 0 : 1));
      follower.leave();
      await follower.following;
      follower.told();
      await model.say('Unheard');
      expect(follower.told()).toEqual([]);
    }

    expect({ alarms: clock.pending, runs: here.signals.tellings.size }).toEqual(before);
    await model.say(STOP);
    await driver.leaving;
    expect(here.signals.tellings.size).toBe(0);
  });
});
