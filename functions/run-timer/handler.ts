/** Started by the state machine at the end of a run's window, to write the expiry down, and when a thread comes near its end, to tell of that. */
import { handleJob } from '../../shared/engine/handle-job.ts';
import { RunSignals } from '../../shared/engine/run-signals.ts';
import { readEnv } from '../shared/env.ts';
import { wrap } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { openWorld } from '../shared/world.ts';
import { RunTimerEnv } from './env.ts';

const env = readEnv(RunTimerEnv);
const telemetry = openTelemetry(env);
const world = openWorld(env, telemetry);
const signals = new RunSignals();

const goOff = (input: unknown) => world.handleTimer(input, (delivery) => handleJob(world, signals, delivery));

export const handler = wrap(telemetry, goOff, () => world.drained());
