/** A thread's session of code_interpreter: found or begun, with the files in it that its code is to find. */
import { closeSession } from '../actions/end-session.ts';
import { ContentGoneError, readContent } from '../actions/read-content.ts';
import { endSessionJob } from '../actions/run-jobs.ts';
import { orAbort, sleep, within } from '../domain/clock.ts';
import type { CodeSession } from '../domain/code-session.ts';
import type { File } from '../domain/file.ts';
import type { Run } from '../domain/run.ts';
import { create, update } from '../ports/commit.ts';
import { DATA_FOLDER, MOST_SANDBOX_FILE_BYTES, type Sandbox, SandboxFileError, SandboxUnavailableError, SessionGoneError, isSandboxPath } from '../ports/sandbox.ts';
import { keys } from '../ports/store.ts';
import type { World } from '../ports/world.ts';
import { commitHeld } from './checkpoint.ts';
import type { Hold } from './hold.ts';
import { findInputFiles } from './input-files.ts';

/** A session that ends under what is asked of it is begun anew so often. */
const MOST_SESSIONS = 3;
/** All sessions may be at work: one is waited for so long. */
const OPEN_WITHIN_MS = 60_000;
const LOOK_AGAIN_MS = 500;
/** Of what the thread's code has written before, the newest so many bytes are put into a session that is begun anew. */
const MOST_BROUGHT_BACK_BYTES = 200_000_000;
/** And so many files: each takes a moment, on AWS a long one. */
const MOST_BROUGHT_BACK = 50;
/** A session is noted as used so often while it is. */
const NOTE_USE_MS = 60_000;

export type SandboxedWorld = World & { sandbox: Sandbox };

/** A session that is there, and what the model is to know of it. */
export interface Room {
  session: string;
  notes: string[];
}

/** What is done with the thread's session, begun anew when it has ended meanwhile. SandboxUnavailableError when there can be none; with the hold's reason when that is interrupted. */
export async function inSession<T>(world: SandboxedWorld, hold: Hold, act: (room: Room) => Promise<T>): Promise<T> {
  for (let begun = 0; ; begun++) {
    try {
      return await act(await enter(world, hold));
    } catch (error) {
      if (!(error instanceof SessionGoneError)) throw error;
      if (begun >= MOST_SESSIONS) throw new SandboxUnavailableError('sessions end as soon as they begin', { cause: error });
      await forgetSession(world, hold);
    }
  }
}

async function enter(world: SandboxedWorld, hold: Hold): Promise<Room> {
  const { run } = hold;
  const found = await world.store.get(keys.codeSession(run.projectId, run.threadId));
  const notes: string[] = [];
  if (found && found.session === undefined) notes.push('The session was begun anew: variables of earlier calls are gone. Files are there.');
  const { session, mounted, usedAtMs, written } = found?.session === undefined ? await begin(world, hold) : { ...found, session: found.session };
  const brought = new Set(mounted);
  const given = (await findInputFiles(world, run)).filter(({ id }) => !brought.has(id));
  for (const file of given) notes.push(...(await bring(world, hold, session, file, file.id)));
  const links = linksTo(given);
  if (links !== undefined) await world.sandbox.execute(session, links, { signal: hold.signal });
  const missing = written.filter(({ fileId }) => !brought.has(fileId));
  notes.push(...(await bringBack(world, hold, session, missing)));
  const isNews = given.length + missing.length > 0;
  if (isNews || hold.run.codeSessions === undefined || world.clock.nowMs() - usedAtMs > NOTE_USE_MS) await noteUse(world, hold, session, [...given.map(({ id }) => id), ...missing.map(({ fileId }) => fileId)]);
  return { session, notes };
}

/** The record is written before anything is put into the session: from then on it is ended with its thread, and when it is idle. */
async function begin(world: SandboxedWorld, hold: Hold): Promise<CodeSession & { session: string }> {
  const session = await open(world, hold);
  const nowMs = world.clock.nowMs();
  let made: (CodeSession & { session: string }) | undefined;
  try {
    await commitHeld(world, hold, async (run) => {
      const { projectId, threadId } = run;
      const before = await world.store.get(keys.codeSession(projectId, threadId));
      made = { id: threadId, projectId, threadId, rev: 0, session, openedAtMs: nowMs, usedAtMs: nowMs, mounted: [], written: before?.written ?? [] };
      const write = update('run', run, billed(run));
      return {
        change: { name: 'begin-session', writes: [write, before ? update('code_session', before, made) : create('code_session', made)], jobs: [endSessionJob(made)] },
        run: write.record,
      };
    });
  } catch (error) {
    await closeSession(world, session);
    throw error;
  }
  if (!made) throw new Error('the session was not written down');
  return made;
}

/** Waits for its turn where all sessions are at work. */
async function open(world: SandboxedWorld, hold: Hold): Promise<string> {
  const { clock, sandbox } = world;
  const untilMs = clock.nowMs() + OPEN_WITHIN_MS;
  for (;;) {
    hold.check();
    const opening = sandbox.open();
    try {
      return await within(clock, { ms: untilMs - clock.nowMs(), late, signal: hold.signal }, (signal) => orAbort(signal, opening));
    } catch (error) {
      // One that comes after all is nobody's.
      void opening.then((session) => closeSession(world, session), () => undefined);
      if (!(error instanceof SandboxUnavailableError && error.mayPass) || clock.nowMs() + LOOK_AGAIN_MS >= untilMs) throw error;
      await sleep(clock, LOOK_AGAIN_MS, hold.signal);
    }
  }
}

const late = () => new SandboxUnavailableError(`no session within ${OPEN_WITHIN_MS} ms`);

/** What code has written before, the newest first. What could not be put there, and why. */
async function bringBack(world: SandboxedWorld, hold: Hold, session: string, missing: CodeSession['written']): Promise<string[]> {
  const notes: string[] = [];
  let leftBytes = MOST_BROUGHT_BACK_BYTES;
  let left = 0;
  for (const [at, { path, fileId }] of missing.toReversed().entries()) {
    const file = at < MOST_BROUGHT_BACK ? await world.store.get(keys.file(hold.run.projectId, fileId)) : undefined;
    if (!file || (leftBytes -= file.bytes) < 0) left++;
    else notes.push(...(await bring(world, hold, session, file, path)));
  }
  if (left > 0) notes.push(`${left} of the files that code has written before are not there any more.`);
  return notes;
}

/** Why it could not be put there, if it could not. */
async function bring({ sandbox, ...world }: SandboxedWorld, hold: Hold, session: string, file: File, path: string): Promise<string[]> {
  hold.check();
  if (file.bytes > MOST_SANDBOX_FILE_BYTES) return [`${JSON.stringify(file.filename)} is not there: it has ${file.bytes} bytes, and ${MOST_SANDBOX_FILE_BYTES} are the most.`];
  try {
    await orAbort(hold.signal, sandbox.put(session, path, readContent(world, file)));
    return [];
  } catch (error) {
    if (error instanceof SandboxFileError) return [`${JSON.stringify(file.filename)} is not there: ${error.message}.`];
    if (error instanceof ContentGoneError) return [`${JSON.stringify(file.filename)} was deleted.`];
    throw error;
  }
}

/** Python that makes files known by their own names too, where these are free; none of its variables stays. */
function linksTo(files: readonly File[]): string | undefined {
  const links = files.flatMap(({ id, filename }) => (isSandboxPath(filename) && !filename.includes('/') && filename !== id ? [[id, `${DATA_FOLDER}/${filename}`]] : []));
  if (links.length === 0) return undefined;
  const code = `import json, os\nfor target, link in json.loads(${JSON.stringify(JSON.stringify(links))}):\n    if not os.path.lexists(link): os.symlink(target, link)`;
  return `exec(${JSON.stringify(code)}, {})`;
}

/** Whatever becomes of its code, and however many sessions it takes. */
const billed = <R extends Run>(run: R): R => ({ ...run, codeSessions: 1 });

async function noteUse(world: World, hold: Hold, session: string, brought: readonly string[]): Promise<void> {
  await changeSession(world, hold, 'use-session', (record) => (record.session === session ? { ...record, usedAtMs: world.clock.nowMs(), mounted: [...record.mounted, ...brought] } : undefined));
}

/** The next code begins another one. */
const forgetSession = (world: World, hold: Hold): Promise<void> => changeSession(world, hold, 'forget-session', ({ session: _, ...record }) => ({ ...record, mounted: [] }));

/** With the run, so that nothing is written under a thread that is gone. */
async function changeSession(world: World, hold: Hold, name: string, change: (record: CodeSession) => CodeSession | undefined): Promise<void> {
  await commitHeld(world, hold, async (run) => {
    const record = await world.store.get(keys.codeSession(run.projectId, run.threadId));
    const changed = record && change(record);
    const write = update('run', run, billed(run));
    return { change: { name, writes: [write, ...(record && changed ? [update('code_session', record, changed)] : [])] }, run: write.record };
  });
}
