/** What must not happen while scenarios are played, whatever the client sees of it. */
import type { Deployment } from './deployment.ts';
import type { LambdaFunction } from './lambda-function.ts';
import type { LogLine } from './log-lines.ts';
import type { TimerCalls } from './timer-calls.ts';

/** In the order of the places where it is looked for, so that a later look finds the same and what has come since at the end of each. */
export function faultsOf({ front, agentcore, mappings, functions, uploads }: Deployment, timers: TimerCalls, isExpected: (code: string) => boolean): string[] {
  return [
    ...front.violations.map((violation) => `not allowed: ${violation}`),
    ...agentcore.unexpected.map((what) => `not of AgentCore: ${what}`),
    ...timers.violations.map((violation) => `not allowed: ${violation}`),
    ...mappings.problems.map((problem) => `an event source: ${String(problem)}`),
    ...[...functions.values(), ...(uploads ? [uploads.web] : [])].flatMap((lambda) => errorsOf(lambda, isExpected)),
  ];
}

const errorsOf = ({ spec, logs }: Pick<LambdaFunction, 'logs'> & { spec: { id: string } }, isExpected: (code: string) => boolean): string[] =>
  logs.filter((line) => isError(line) && !isExpected(String(line.json?.['message']))).map(({ text }) => `${spec.id} logged: ${text}`);

/** Powertools writes JSON on standard output; whatever else there is, and all on standard error, is nobody's intention. */
const isError = ({ output, json }: LogLine): boolean => output === 'stderr' || json === undefined || json['level'] === 'ERROR';
