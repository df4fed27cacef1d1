/** Watches the calls that execution environments make to AWS, and kills the one that makes a chosen call. */
import type { Call, Verdict } from '../harness/aws-front.ts';
import type { Deployment } from '../harness/deployment.ts';

/** What changes something, and so is a moment to die at. */
const STEPS = new Set([
  'PutItem',
  'TransactWriteItems',
  'DeleteItem',
  'SendMessage',
  'DeleteMessage',
  'ChangeMessageVisibility',
  'StartExecution',
  'StopExecution',
  'PutObject',
  'DeleteObjects',
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
  'StartCodeInterpreterSession',
  'InvokeCodeInterpreter',
  'StopCodeInterpreterSession',
]);

/** Before: the call never reaches AWS. After: it is done, and nobody learns of it. */
export type When = 'before' | 'after';

export const asDeath = (name: string): Death => {
  const [when = '', ...point] = name.split(' ');
  return { when: when as When, point: point.join(' ') };
};

/** A call by its name: the function, the operation, and how often that function had made it, itself included. */
export interface Death {
  when: When;
  point: string;
}

/** When to kill the caller, or what becomes of the call instead; undefined lets it pass. */
type Victim = (call: Call, point: string) => When | Verdict | undefined;

export class Saboteur {
  /** Names of the calls made since `watch`, in order: those that change something, and of the others the first of each kind. */
  passed: string[] = [];
  /** What environments died of since `watch`. */
  deaths: string[] = [];
  readonly #deployment: Deployment;
  /** Killed here, by name. Calls of one that are under way at once are all its last. */
  readonly #dead = new Set<string>();
  readonly #counts = new Map<string, number>();
  #victim: Victim = () => undefined;
  #observer: (call: Call) => void = () => undefined;

  constructor(deployment: Deployment) {
    this.#deployment = deployment;
    deployment.front.intercept((call) => this.#onCall(call));
  }

  /** Begins to count anew, and kills where these say, each once. */
  watch(...deaths: Death[]): void {
    const ahead = new Map(deaths.map(({ when, point }) => [point, when]));
    this.kill((_, point) => {
      const when = ahead.get(point);
      ahead.delete(point);
      return when;
    });
  }

  /** Likewise, whoever `victim` picks. */
  kill(victim: Victim): void {
    this.passed = [];
    this.deaths = [];
    this.#counts.clear();
    this.#victim = victim;
  }

  /** Is told of all calls, those of event source mappings included. */
  observe(observer: (call: Call) => void): void {
    this.#observer = observer;
  }

  /** Kills the environments of a function that are at work. */
  async killRunning(construct: string, of: string): Promise<void> {
    const running = this.#deployment.fn(construct).environments.filter(({ isRunning }) => isRunning);
    if (running.length === 0) throw new Error(`no environment of ${construct} is at work`);
    this.deaths.push(of);
    await Promise.all(running.map((environment) => environment.kill()));
  }

  async #onCall(call: Call): Promise<Verdict> {
    this.#observer(call);
    if (call.principal.endsWith('.mapping')) return 'pass';
    const kind = `${constructOf(call.functionId)} ${call.operation}`;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const point = `${kind} #${count}`;
    if (STEPS.has(call.operation) || count === 1) this.passed.push(point);
    const when = this.#victim(call, point);
    if (when === 'before') return this.#end(call, when, point, 'lose-request');
    if (when === 'after') return { afterwards: () => this.#end(call, when, point, 'lose-answer') };
    return when ?? 'pass';
  }

  async #end<V>({ functionId, principal }: Call, when: When, point: string, verdict: V): Promise<V> {
    const lambda = [...this.#deployment.functions.values()].find(({ spec }) => spec.id === functionId);
    const isFirst = !this.#dead.has(principal);
    this.#dead.add(principal);
    await lambda?.environmentOf(principal)?.kill();
    if (isFirst) this.deaths.push(`${when} ${point}`);
    return verdict;
  }
}

const constructOf = (functionId: string): string => functionId.replace(/Fn[0-9A-F]{8}$/, '');
