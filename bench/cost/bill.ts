/** What counts come to, in US$ for a million. */
import type { Deployment } from '../../test/cloud/harness/deployment.ts';
import { SHARDS } from '../../shared/aws/schema.ts';
import { type Counts, TELLER } from './counts.ts';
import type { Kind } from './kinds.ts';
import { OTHER_MS, gbSecondsOf } from './lambda-time.ts';
import { type Priced, usdOf } from './prices.ts';
import { type Path, transitionsOf } from './transitions.ts';

/** Who waits for the model, and how often. */
const DRIVES: Record<Kind, { driver: string; modelCalls: number }> = {
  plain: { driver: 'RunWorker', modelCalls: 1 },
  streamed: { driver: 'Api', modelCalls: 1 },
  tools: { driver: 'RunWorker', modelCalls: 2 },
  expired: { driver: 'RunWorker', modelCalls: 1 },
};
const NOBODY = { driver: '', modelCalls: 0 };

/** A look for endpoints where there are none: a query of each shard, eventually consistent. */
const LOOK_UNITS = SHARDS * 0.5;

/** Logs are left out (a line for each invocation), and so are traces, storage, transfer, and KMS, whose data keys the services keep. */
export type Amounts = Partial<Record<Priced, number>>;

export function amountsOf(deployment: Deployment, path: Path, counts: Counts, kind?: Kind): Amounts {
  const { execution: started = 0, ...billed } = counts.billed;
  const wentOff = counts.invocations['RunTimer'] ?? 0;
  return {
    ...billed,
    stateTransition: transitionsOf(path, { started, wentOff }),
    lambdaRequest: Object.values(counts.invocations).reduce((sum, count) => sum + count, 0),
    lambdaGbSecond: gbSecondsOf(deployment, counts, kind === undefined ? NOBODY : DRIVES[kind]),
  };
}

/** What it costs to look whom to tell, for a project without webhooks: at most, as if each record came alone. */
export function tellingOf(deployment: Deployment, { told }: Counts): Amounts {
  const gb = deployment.fn(TELLER).spec.memoryMb / 1024;
  return { readUnit: told * LOOK_UNITS, lambdaRequest: told, lambdaGbSecond: told * gb * (OTHER_MS / 1000) };
}

const MILLION = 1_000_000;

export const usdForAMillion = (amounts: Amounts, ...only: Priced[]): number =>
  (Object.keys(amounts) as Priced[]).filter((what) => only.length === 0 || only.includes(what)).reduce((sum, what) => sum + usdOf(what, (amounts[what] ?? 0) * MILLION), 0);
