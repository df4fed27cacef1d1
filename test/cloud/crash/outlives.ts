/** What is demanded of a conversation with a deployment in which an environment dies. */
import { afterAll, afterEach, beforeAll, expect } from '@jest/globals';
import { MODEL_CALLS, MORE, RUN_COSTS, STEPS, TRANSCRIPT, converse, firstAnswer, lastIs, runsOf, scriptWeather, stepsOf, surprisesOf, transcript } from '../../crash/conversation.ts';
import { promisesBrokenIn } from '../../crash/ledger.ts';
import { ScriptedModel } from '../../support/scripted-model.ts';
import { CloudServer } from '../harness/cloud-server.ts';
import { brokenRules, clearQueues, readCloudLedger } from './cloud-ledger.ts';
import { CloudSurvivor } from './cloud-survivor.ts';
import { type Death, Saboteur } from './saboteur.ts';

/** Far more than any test takes, far less than for ever. */
export const TEST_MS = 120_000;
/** What only an environment does that has just started. */
export const COLD = /GetSecretValue/;
const DEPLOYED_WITHIN_MS = 120_000;

/** One deployment for a whole test file, and a model behind it that tests script. */
export class Scene {
  readonly model: ScriptedModel;
  readonly server: CloudServer;
  readonly saboteur: Saboteur;
  readonly client: CloudSurvivor;

  constructor(model: ScriptedModel, server: CloudServer) {
    this.model = model;
    this.server = server;
    this.saboteur = new Saboteur(server.deployment);
    this.client = new CloudSurvivor(server, this.saboteur);
  }
}

export function useScene(): () => Scene {
  let scene: Scene | undefined;
  beforeAll(async () => {
    const model = await ScriptedModel.start();
    scene = new Scene(model, await CloudServer.start(model.baseUrl));
  }, DEPLOYED_WITHIN_MS);
  // What one test leaves behind must not be the next one's trouble.
  afterEach(async () => {
    if (scene) await clearQueues(scene.server.deployment);
  });
  afterAll(async () => {
    await scene?.server.end();
    await scene?.model.close();
  });
  return () => {
    if (!scene) throw new Error('the deployment did not come up');
    return scene;
  };
}

export interface Ordeal {
  streamed: boolean;
  deaths?: Death[];
  /** Kills by other means, while the conversation goes on. */
  sabotage?: (scene: Scene) => Promise<void>;
  /** Nobody is warm when it begins. */
  cold?: boolean;
}

/** Must leave exactly what a conversation leaves in which nobody dies. Resolves to the names of the calls that were made for it, in their order. */
export async function outlives(scene: Scene, { streamed, deaths = [], sabotage, cold = false }: Ordeal): Promise<string[]> {
  const { model, server, saboteur, client } = scene;
  if (cold) await Promise.all([...server.deployment.functions.values()].map((lambda) => lambda.killAll()));
  model.reset();
  saboteur.watch(...deaths);
  const sabotaging = sabotage?.(scene);
  scriptWeather(model);

  const { threadId, first, next, told } = await converse(client, streamed);
  await sabotaging;
  await server.deployment.quiet();
  // Who tells webhooks looks beside all this, as often as the stream wakes it: crash-webhooks.test.ts.
  const passed = saboteur.passed.filter((point) => !point.startsWith('EventTeller '));

  expect([first.status, next.status]).toEqual(['completed', 'completed']);
  expect(await transcript(client, threadId)).toEqual(TRANSCRIPT);
  expect(await stepsOf(client, threadId, first.id)).toEqual(STEPS);
  expect(await stepsOf(client, threadId, next.id)).toEqual(['message_creation completed']);
  expect((await runsOf(client, threadId)).map(({ id }) => id)).toEqual([first.id, next.id]);
  expect([first.usage?.total_tokens, next.usage?.total_tokens]).toEqual([RUN_COSTS.first, RUN_COSTS.next]);
  expect(await brokenRules(client, threadId)).toEqual([]);
  expect(promisesBrokenIn(await readCloudLedger(server.deployment, threadId), told)).toEqual([]);
  expect(await surprisesOf(model)).toEqual([]);
  expect(saboteur.deaths).toHaveLength(deaths.length + (sabotage ? 1 : 0));
  expect(saboteur.deaths).toEqual(expect.arrayContaining(deaths.map(({ when, point }) => `${when} ${point}`)));
  // What a death costs at most is one call of the model, made again.
  expect(model.requests.length - MODEL_CALLS).toBeLessThanOrEqual(saboteur.deaths.length);
  server.expectNoErrors();
  return passed;
}

/** Holds the model's first answer back after so many of its moves, and kills whoever waits for the rest. */
export async function killAtModel({ model, server, saboteur }: Scene, construct: string, moves: number): Promise<void> {
  const answer = firstAnswer();
  answer.moves.splice(moves, 0, { kind: 'wait' });
  model.scriptFor(lastIs('user', MORE), answer);
  await answer.reached;
  // All that was said has arrived, and what it set off is done.
  await server.deployment.quiet();
  await saboteur.killRunning(construct, `model ${moves}`);
}
