/** Counts what clients ask of the services, by operation: `PutItem`, `SendMessage` … */
import type { Clients } from '../../../shared/aws/clients.ts';

export interface RequestCount {
  /** Asked and not yet answered. */
  readonly underWay: number;
  /** Asked so far. */
  readonly total: number;
  /** Since the last call of this. */
  take(): Record<string, number>;
}

export function countRequests({ db, sqs, sfn, s3, secrets, agentcore }: Clients): RequestCount {
  let underWay = 0;
  let total = 0;
  let counts: Record<string, number> = {};
  const count = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    counts[operation] = (counts[operation] ?? 0) + 1;
    underWay++;
    total++;
    try {
      return await work();
    } finally {
      underWay--;
    }
  };
  const options = { step: 'initialize', name: 'countRequests' } as const;
  const nameOf = (context: { commandName?: string }) => (context.commandName ?? '').replace(/Command$/, '');
  db.middlewareStack.add((next, context) => (args) => count(nameOf(context), () => next(args)), options);
  sqs.middlewareStack.add((next, context) => (args) => count(nameOf(context), () => next(args)), options);
  sfn.middlewareStack.add((next, context) => (args) => count(nameOf(context), () => next(args)), options);
  s3.middlewareStack.add((next, context) => (args) => count(nameOf(context), () => next(args)), options);
  secrets.middlewareStack.add((next, context) => (args) => count(nameOf(context), () => next(args)), options);
  agentcore.middlewareStack.add((next, context) => (args) => count(nameOf(context), () => next(args)), options);
  return {
    get underWay() {
      return underWay;
    },
    get total() {
      return total;
    },
    take() {
      const taken = counts;
      counts = {};
      return taken;
    },
  };
}
