/** Sessions of code on a deployment: they end when nobody needs them, and what was to be executed is, whichever Lambda dies at it. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { objectsOf } from './crash/large-thread.ts';
import { endThread, executing, leaveIdle, points, written } from './crash/coding.ts';
import { TEST_MS, useScene } from './crash/outlives.ts';
import { asDeath } from './crash/saboteur.ts';

/** As long as the service lets a session last whose id nobody has kept. */
const SESSION_MS = 3_600_000;
const IDLE_MS = 900_000;
const DAY_MS = 86_400_000;

const scene = useScene();
const running = () => scene().server.deployment.agentcore.running;

describe('a session', () => {
  test.each([false, true])('is ended when nobody has used it for a quarter of an hour; streamed: %s', async (streamed) => {
    const { client, server, saboteur } = scene();
    const { status } = await executing(scene(), { streamed });
    expect([status, running()]).toEqual(['completed', 1]);
    await client.pass(IDLE_MS - 60_000, IDLE_MS - 60_000);
    expect(running()).toBe(1);
    await leaveIdle(scene(), 0);
    expect([running(), saboteur.passed.filter((point) => point.includes('Stop'))]).toEqual([0, ['RunWorker StopCodeInterpreterSession #1']]);
    server.expectNoErrors();
  }, TEST_MS);

  test('is ended with its thread', async () => {
    const { server, saboteur } = scene();
    const { threadId } = await executing(scene(), { streamed: false });
    await endThread(scene(), threadId);
    expect([running(), saboteur.passed.filter((point) => point.includes('Stop'))]).toEqual([0, ['ThreadReaper StopCodeInterpreterSession #1']]);
    server.expectNoErrors();
  }, TEST_MS);

  test.each([false, true])('that the service has ended is begun anew for the next code; streamed: %s', async (streamed) => {
    const { server, model } = scene();
    const { agentcore } = server.deployment;
    const again = await executing(scene(), { streamed, before: () => agentcore.endAll() });
    expect([again.status, again.steps, again.files]).toEqual(['completed', ['code_interpreter completed', 'message_creation completed'], [written]]);
    expect([running(), JSON.stringify(model.requests.at(-1)?.body.messages.at(-1)?.content)]).toEqual([1, expect.stringContaining('begun anew')]);
    await leaveIdle(scene(), 0);
    server.expectNoErrors();
  }, TEST_MS);

  test('that has ended already is let go with its thread', async () => {
    const { server, saboteur } = scene();
    const { threadId } = await executing(scene(), { streamed: false });
    await server.deployment.agentcore.endAll();
    await endThread(scene(), threadId);
    expect(points(scene(), 'ThreadReaper')).toEqual(expect.arrayContaining(['ThreadReaper StopCodeInterpreterSession #1', 'ThreadReaper GetCodeInterpreterSession #1']));
    expect(saboteur.deaths).toEqual([]);
    server.expectNoErrors();
  }, TEST_MS);
});

describe('code is executed and what it has written is there once', () => {
  /** Of a worker: the session is begun, noted, entered; code is executed; its file is put away and stored with the step. */
  const POINTS = [
    ...['RunWorker StartCodeInterpreterSession #1', 'RunWorker InvokeCodeInterpreter #1', 'RunWorker SendMessage #1', 'RunWorker TransactWriteItems #1'],
    ...['RunWorker InvokeCodeInterpreter #2', 'RunWorker InvokeCodeInterpreter #3', 'RunWorker PutItem #2', 'RunWorker PutObject #1', 'RunWorker TransactWriteItems #2'],
  ];
  /** Deaths at which nobody else knows of the session yet. The service ends it. */
  const UNKNOWN = /^after RunWorker (Start|InvokeCodeInterpreter #1$)/;
  afterEach(() => scene().client.pass(SESSION_MS, SESSION_MS));

  test('these are the calls that it takes', async () => {
    await executing(scene(), { streamed: false });
    const all = points(scene(), 'RunWorker');
    // Before it the job is taken and the model asked, after it the model is asked again: crash-polled.test.ts.
    expect(all.slice(all.indexOf(POINTS[0] ?? ''), all.indexOf(POINTS.at(-1) ?? '') + 1)).toEqual(POINTS);
  }, TEST_MS);

  // Before a call all is as it was after the one ahead of it.
  test.each([`before ${POINTS[0]}`, ...POINTS.map((point) => `after ${point}`)])('when a worker dies %s', async (death) => {
    const { server, saboteur } = scene();
    const { status, steps, files } = await executing(scene(), { streamed: false, deaths: [asDeath(death)] });
    expect([status, steps]).toEqual(['completed', ['code_interpreter completed', 'message_creation completed']]);
    expect(files).toEqual([written]);
    expect(saboteur.deaths).toEqual([death]);
    await leaveIdle(scene(), UNKNOWN.test(death) ? 1 : 0);
    await scene().client.pass(SESSION_MS, SESSION_MS);
    expect(running()).toBe(0);
    server.expectNoErrors();
  }, TEST_MS);

  test.each(['RunWorker', 'Api'])('when %s dies in the middle of it', async (construct) => {
    const { server, saboteur } = scene();
    const { status, steps, files } = await executing(scene(), { streamed: construct === 'Api', meanwhile: () => saboteur.killRunning(construct, 'while code is executed') });
    expect([status, steps, files]).toEqual(['completed', ['code_interpreter completed', 'message_creation completed'], [written]]);
    expect([saboteur.deaths, running()]).toEqual([['while code is executed'], 1]);
    await leaveIdle(scene(), 0);
    server.expectNoErrors();
  }, TEST_MS);
});

test('nothing that was put away stays which no file names', async () => {
  const { client, server: { deployment } } = scene();
  const { data: files } = await client.client.files.list();
  const left = async () => (await objectsOf(deployment.engines.hands.s3)).filter((key) => key.startsWith('files/')).length;
  expect(await left()).toBeGreaterThan(files.length);
  await client.pass(DAY_MS, DAY_MS);
  await deployment.sweep();
  await client.eventually('it goes by its time', async () => ((await left()) === files.length ? true : undefined));
}, TEST_MS);
