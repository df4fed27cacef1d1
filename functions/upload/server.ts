/**
 * A Lambda web function: a plain HTTP server, which gets bodies as they come and of any size, where others get 6 MB as one event. It takes files in, and
 * everything else is done by the api function.
 */
import { getRequestListener } from '@hono/node-server';
import { createServer } from 'node:http';
import { openSecret } from '../../shared/aws/secret.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { makeApp } from '../../shared/http/app.ts';
import { readEnv } from '../shared/env.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { openWorld } from '../shared/world.ts';
import { answer } from './answer.ts';
import { UploadEnv } from './env.ts';

/** Beside files there are no bodies here. */
const MOST_JSON_BYTES = 1_000_000;
/** As long as the whole of a request may take: Lambda's limit. */
const LONGEST_MS = 900_000;
const env = readEnv(UploadEnv);
const telemetry = openTelemetry(env);
const world = openWorld(env, telemetry);
const app = makeApp({ world, signals: new RunSignals(), maxBodyBytes: MOST_JSON_BYTES, corsOrigins: env.CORS_ORIGINS });
const parts = { app, secret: openSecret(env.ORIGIN_SECRET_ARN, systemClock), drained: () => world.drained() };

async function fetch(request: Request): Promise<Response> {
  try {
    return await answer(parts, request);
  } finally {
    if (telemetry.metrics.hasStoredMetrics()) telemetry.metrics.publishStoredMetrics();
  }
}

const [host, port] = env.AWS_LAMBDA_HTTP_ENDPOINT.split(':');
const listener = getRequestListener(fetch);
createServer({ requestTimeout: LONGEST_MS }, (request, response) => void listener(request, response)).listen(Number(port), host);
