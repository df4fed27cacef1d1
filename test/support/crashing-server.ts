/**
 * The server as `npm start` wires it, but it kills itself with SIGKILL at the point that CRASH_AT names: the main file of a
 * child process. Nothing is cleaned up, flushed or closed. A point may be followed by `@n`: the nth time that it is passed.
 *
 *   boot:migrated                the tables are made, nothing else has happened yet
 *   before:NAME                  the change NAME (commit.ts) is about to be committed
 *   inside:NAME                  its rows are written, the transaction is still open
 *   after:NAME                   it is on disk, and nobody has been told
 *   model:request                the model is about to be called
 *   model:chunk:N                the Nth chunk of a call has come and is not yet read
 *   model:end                    a call has come to its end
 *   model:embed                  vectors are about to be asked for
 *   before:index.NAME            the search index is about to be changed: add, remove, drop
 *   after:index.NAME             it has been
 *   blob:OPERATION               an operation of the blob store (blobs.ts) is done
 *   sandbox:OPERATION            an operation of the sandbox (ports/sandbox.ts) is done
 *   sandbox:logs                 code that is executed has written something
 *   before-ack:TYPE              a job or feed event of this type is done and not yet taken off its table
 *
 * With CLOCK_MS the clock stands still at that time and moves as the parent says: `{ passMs }`, answered with `{ nowMs }`.
 */
import { writeSync } from 'node:fs';
import { readEnv } from '../../local/env.ts';
import { serve } from '../../local/serve.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { openDatabase } from '../../shared/embedded/database.ts';
import type { EmbeddedWorld } from '../../shared/embedded/index.ts';
import type { EmbeddedSandbox } from '../../shared/embedded/sandbox.ts';
import type { Blobs } from '../../shared/ports/blobs.ts';
import type { ModelChunk } from '../../shared/ports/model.ts';
import { ManualClock } from './manual-clock.ts';

/** What the parent sends. */
export interface TimeOrder {
  passMs: number;
}
/** The answer, once the time has gone by. */
export interface TimePassed {
  nowMs: number;
}

const [crashPoint = '', occurrence = '1'] = (process.env['CRASH_AT'] ?? '').split('@');
let timesLeft = Number(occurrence);

/** Dies here when this is the point, and the time, that was asked for. */
function pass(point: string): void {
  if (point !== crashPoint || --timesLeft > 0) return;
  writeSync(1, `crash ${point}\n`);
  process.kill(process.pid, 'SIGKILL');
  // The signal may take a moment to arrive; not another instruction of the server may run meanwhile.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function crashing(world: EmbeddedWorld): EmbeddedWorld {
  const { db } = world;
  const embed = world.model.embed?.bind(world.model);
  const write = db.write.bind(db);
  let changeName: string | undefined;
  // The adapters hold this very object, so what is put into it is what they call.
  db.write = (work) => {
    const name = changeName;
    if (name === undefined) return write(work);
    return write(() => {
      work();
      pass(`inside:${name}`);
    });
  };
  const commit: EmbeddedWorld['commit'] = async (change) => {
    pass(`before:${change.name}`);
    changeName = change.name;
    const committing = world.commit(change);
    changeName = undefined;
    await committing;
    pass(`after:${change.name}`);
  };
  return {
    ...world,
    commit,
    blobs: watchedBlobs(world.blobs),
    sandbox: watchedSandbox(world.sandbox),
    model: {
      ...world.model,
      stream: (request, signal) => watched(() => world.model.stream(request, signal)),
      ...(embed && { embed: (request, signal) => (pass('model:embed'), embed(request, signal)) }),
    },
    index: {
      ...world.index,
      add: (...args) => around('index.add', () => world.index.add(...args)),
      remove: (...args) => around('index.remove', () => world.index.remove(...args)),
      drop: (...args) => around('index.drop', () => world.index.drop(...args)),
    },
    queue: {
      consume: (handle) =>
        world.queue.consume(async (delivery) => {
          const outcome = await handle(delivery);
          pass(`before-ack:${delivery.job.type}`);
          return outcome;
        }),
    },
    feed: {
      consume: (handle) =>
        world.feed.consume(async (event) => {
          await handle(event);
          pass(`before-ack:${event.type}`);
        }),
    },
  };
}

async function around(name: string, work: () => Promise<void>): Promise<void> {
  pass(`before:${name}`);
  await work();
  pass(`after:${name}`);
}

function watchedBlobs(blobs: Blobs): Blobs {
  const then = <T>(name: keyof Blobs, doing: Promise<T>): Promise<T> => doing.finally(() => pass(`blob:${name}`));
  return {
    ...blobs,
    begin: (...args) => then('begin', blobs.begin(...args)),
    putPart: (...args) => then('putPart', blobs.putPart(...args)),
    complete: (...args) => then('complete', blobs.complete(...args)),
    put: (...args) => then('put', blobs.put(...args)),
    remove: (...args) => then('remove', blobs.remove(...args)),
  };
}

function watchedSandbox(sandbox: EmbeddedSandbox): EmbeddedSandbox {
  const then = <T>(name: keyof EmbeddedSandbox, doing: Promise<T>): Promise<T> => doing.finally(() => pass(`sandbox:${name}`));
  return {
    ...sandbox,
    open: () => then('open', sandbox.open()),
    put: (...args) => then('put', sandbox.put(...args)),
    execute: (session, code, options = {}) => {
      const onLogs = (text: string) => {
        pass('sandbox:logs');
        options.onLogs?.(text);
      };
      return then('execute', sandbox.execute(session, code, { ...options, onLogs }));
    },
    read: (...args) => then('read', sandbox.read(...args)),
    close: (...args) => then('close', sandbox.close(...args)),
  };
}

async function* watched(call: () => AsyncIterable<ModelChunk>): AsyncGenerator<ModelChunk> {
  pass('model:request');
  let count = 0;
  for await (const chunk of call()) {
    pass(`model:chunk:${++count}`);
    yield chunk;
  }
  pass('model:end');
}

const env = readEnv();
if (crashPoint === 'boot:migrated') {
  openDatabase(env.DATA_DIR);
  pass(crashPoint);
}
const startMs = process.env['CLOCK_MS'];
const clock = startMs === undefined ? systemClock : new ManualClock(Number(startMs));
const running = await serve(env, { clock, wrap: crashing });

process.on('message', ({ passMs }: TimeOrder) => {
  if (!(clock instanceof ManualClock)) throw new Error('only a clock that CLOCK_MS has stopped can be moved');
  void clock.pass(passMs).then(() => process.send?.({ nowMs: clock.nowMs() } satisfies TimePassed));
});
const leave = () => process.exit(0);
process.once('SIGTERM', leave);
process.once('disconnect', leave);
console.log(`ready ${running.baseUrl}`);
