/** All routes. A streamed run is driven here, in the invocation that answers its request, to its end: whether or not the client stays. */
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { makeApp } from '../../shared/http/app.ts';
import { SERVER_ERROR } from '../../shared/wire/errors.ts';
import { readEnv } from '../shared/env.ts';
import { wrapStreaming } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { openWorld } from '../shared/world.ts';
import { ApiEnv } from './env.ts';
import { toProxyResponse, toRequest } from './proxy-event.ts';
import { Underway } from './underway.ts';

const env = readEnv(ApiEnv);
const telemetry = openTelemetry(env);
const world = openWorld(env, telemetry, { model: env });
const underway = new Underway();
const app = makeApp({
  world,
  signals: new RunSignals(),
  maxBodyBytes: env.MAX_BODY_BYTES,
  maxUploadBytes: env.MAX_BODY_BYTES,
  corsOrigins: env.CORS_ORIGINS,
  background: (work) => underway.add(work),
});

/** Lambda freezes whatever is still under way when an invocation ends, so it ends when nothing is. */
async function drain(): Promise<void> {
  await underway.done();
  await world.drained();
}

const answer = async (event: APIGatewayProxyEvent) => toProxyResponse(await app.fetch(toRequest(event)));

/** The app answers its own failures; this is for what fails around it. */
const failure = { statusCode: SERVER_ERROR.status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(SERVER_ERROR.body) };

export const handler = wrapStreaming(telemetry, answer, drain, failure);
