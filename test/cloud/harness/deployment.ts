/** The stacks as their templates declare them, alive: engines for what AWS keeps, processes for what Lambda runs, a front for each way in. */
import { randomUUID } from 'node:crypto';
import { AgentCore } from '../../support/engines/agentcore.ts';
import type { AwsEngines } from '../../support/engines/aws-engines.ts';
import type { Assembly } from './assembly.ts';
import type { Known } from './aws-asking.ts';
import { AwsFront } from './aws-front.ts';
import { MovedClock } from './cloud-clock.ts';
import { apiOf } from './declared-api.ts';
import { type DeclaredTable, bucketsOf, secretsOf, tablesOf } from './declared-data.ts';
import { policiesOf, resourcePoliciesOf } from './declared-policies.ts';
import { type DeclaredQueue, functionsOf, interpretersOf, machinesOf, queuesOf } from './declared-service.ts';
import { faultsOf } from './faults.ts';
import { HttpFront } from './http-front.ts';
import type { PolicyDocument } from './iam.ts';
import { Internet } from './internet.ts';
import { LambdaFunction } from './lambda-function.ts';
import { makeBucket, makeMachine, makeQueues, makeTable } from './make-engines.ts';
import { Mappings } from './mappings.ts';
import { quiet } from './quiet.ts';
import { Secrets } from './secrets.ts';
import { Stack } from './stack.ts';
import { TimerCalls } from './timer-calls.ts';
import { sweep } from './time-to-live.ts';
import { type Uploads, startUploads } from './uploads.ts';

export interface DeploymentOptions {
  assembly: Assembly;
  engines: AwsEngines;
  /** Values that variables of the templates have for what is outside, and what stands for it here. */
  outside: Record<string, string>;
  /** What an operator has put into each secret. */
  secret: string;
}

interface Parts {
  engines: AwsEngines;
  clock: MovedClock;
  agentcore: AgentCore;
  front: AwsFront;
  functions: Map<string, LambdaFunction>;
  mappings: Mappings;
  timers: TimerCalls;
  tables: DeclaredTable[];
  queues: DeclaredQueue[];
  http: HttpFront;
  internet: Internet;
  uploads: Uploads | undefined;
}

export class Deployment {
  readonly clock: MovedClock;
  readonly engines: AwsEngines;
  /** Where code is executed. */
  readonly agentcore: AgentCore;
  readonly front: AwsFront;
  readonly mappings: Mappings;
  readonly functions: ReadonlyMap<string, LambdaFunction>;
  readonly tables: readonly DeclaredTable[];
  readonly queues: readonly DeclaredQueue[];
  readonly http: HttpFront;
  readonly internet: Internet;
  readonly uploads: Uploads | undefined;
  readonly #timers: TimerCalls;

  private constructor({ clock, engines, agentcore, front, mappings, functions, tables, queues, http, internet, timers, uploads }: Parts) {
    this.clock = clock;
    this.engines = engines;
    this.agentcore = agentcore;
    this.front = front;
    this.mappings = mappings;
    this.functions = functions;
    this.tables = tables;
    this.queues = queues;
    this.http = http;
    this.internet = internet;
    this.uploads = uploads;
    this.#timers = timers;
  }

  static async make(options: DeploymentOptions): Promise<Deployment> {
    const opened: (() => Promise<void> | void)[] = [];
    try {
      return await Deployment.#make(options, opened);
    } catch (error) {
      for (const close of opened) await close();
      throw error;
    }
  }

  static async #make({ assembly, engines, outside, secret }: DeploymentOptions, opened: (() => Promise<void> | void)[]): Promise<Deployment> {
    const clock = new MovedClock();
    const internet = new Internet();
    opened.push(() => internet.close());
    const secrets = new Secrets();
    const known: Known = { tables: [], buckets: [], queues: [], secrets, functions: [], interpreters: [] };
    const agentcore = await AgentCore.start({ clock });
    opened.push(() => agentcore[Symbol.asyncDispose]());
    const roles = new Map<string, PolicyDocument[]>();
    const guards = new Map<string, PolicyDocument[]>();
    const front = await AwsFront.start({
      ...known,
      engines: { db: engines.dynoxide.endpoint, sqs: engines.fauxqs.endpoint, s3: engines.fauxqs.endpoint, sfn: engines.machines.endpoint, agentcore: agentcore.endpoint },
      policiesOf: (functionId) => roles.get(functionId),
      resourcePolicies: (arn) => guards.get(arn) ?? [],
    });
    opened.push(() => front.close());
    await followClock(engines, clock);

    const naming = { prefix: `t${randomUUID().slice(0, 8)}`, endpoint: front.endpoint };
    const exports = new Map<string, unknown>();
    const data = new Stack(assembly.data, naming, exports);
    const tables = tablesOf(data);
    for (const table of tables) {
      const streamArn = await makeTable(engines, table);
      data.learn(table.id, { StreamArn: streamArn });
      known.tables.push({ ...table, streamArn });
    }
    const dataGuards = resourcePoliciesOf(data);
    for (const bucket of bucketsOf(data)) {
      await makeBucket(engines, bucket);
      known.buckets.push(bucket);
      guards.set(bucket.arn, dataGuards.get(bucket.name) ?? []);
    }
    for (const { arn, kmsKeyArn } of secretsOf(data)) secrets.set({ name: arn, arn, value: secret, kmsKeyArn });
    data.resolver.export(data.template);

    const service = new Stack(assembly.service, naming, exports);
    const queues = queuesOf(service);
    known.queues.push(...(await makeQueues(engines, queues)));
    const serviceGuards = resourcePoliciesOf(service);
    for (const { arn, url } of queues) guards.set(arn, serviceGuards.get(url) ?? []);

    known.interpreters.push(...interpretersOf(service));
    const functions = new Map<string, LambdaFunction>();
    for (const declared of functionsOf(service)) {
      roles.set(declared.id, policiesOf(service, declared.roleId, 'lambda'));
      const environment = Object.fromEntries(Object.entries(declared.environment).map(([name, value]) => [name, outside[value] ?? value]));
      functions.set(declared.arn, new LambdaFunction({ ...declared, environment: { ...environment, ...internet.variables }, codeDir: assembly.codeDir(declared.s3Key) }, { endpoint: front.endpoint, clock }));
    }
    known.functions.push(...[...functions.values()].map((lambda) => ({ arn: lambda.spec.arn, invoke: (event: unknown) => lambda.invoke(event) })));
    const timers = new TimerCalls(functions);
    for (const machine of machinesOf(service)) await makeMachine(engines, machine, timers.of(machine, policiesOf(service, machine.roleId, 'states')));
    const mappings = Mappings.make(service, { functions, queues, tables: known.tables, endpoint: front.endpoint, clock });
    const { routes, ...api } = apiOf(service);
    const http = await HttpFront.start({ ...api, clock, routes: routes.map(({ method, path, functionArn }) => ({ method, resource: path, target: existing(functions, functionArn) })) });
    service.resolver.export(service.template);
    const uploads = await startUploads({ assembly, naming, exports, secrets, clock, endpoint: front.endpoint, apiUrl: http.url, stageName: api.stageName });
    if (uploads) roles.set(uploads.web.spec.id, uploads.policies);
    return new Deployment({ clock, engines, agentcore, front, functions, mappings, timers, tables, queues, http, internet, uploads });
  }

  /** What the stack's output `BaseUrl` names, without `/v1`. */
  get apiUrl(): string {
    return this.uploads?.front.url ?? this.http.url;
  }

  /** By the name of its construct: `Api`, `RunWorker` … */
  fn(construct: string): LambdaFunction {
    const found = [...this.functions.values()].find(({ spec }) => new RegExp(`^${construct}Fn[0-9A-F]{8}$`).test(spec.id));
    if (!found) throw new Error(`there is no function ${construct}`);
    return found;
  }

  /** Resolves when everything waits for something: time, the model, or a client. */
  quiet(): Promise<void> {
    return quiet(this);
  }

  /** Removes what DynamoDB would have removed by now. */
  async sweep(): Promise<void> {
    for (const table of this.tables) await sweep(this.engines.hands.db, table, this.clock.nowMs());
  }

  /** All that has gone wrong so far, but for errors in logs whose codes are expected. */
  faults(isExpected: (code: string) => boolean): string[] {
    return faultsOf(this, this.#timers, isExpected);
  }

  async close(): Promise<void> {
    await this.uploads?.front.close();
    await this.uploads?.web.close();
    await this.http.close();
    await this.mappings.stop();
    await Promise.all([...this.functions.values()].map((lambda) => lambda.close()));
    await this.front.close();
    await this.agentcore[Symbol.asyncDispose]();
    this.internet.close();
  }
}

function existing(functions: Map<string, LambdaFunction>, arn: string): LambdaFunction {
  const found = functions.get(arn);
  if (!found) throw new Error(`there is no function ${arn}`);
  return found;
}

/** The engines' clocks go with the deployment's. */
async function followClock({ fauxqs, machines }: AwsEngines, clock: MovedClock): Promise<void> {
  const shift = async (offsetMs: number, fire: boolean) => void (await Promise.all([fauxqs.shiftTo(offsetMs, fire), machines.shiftTo(offsetMs, fire)]));
  await shift(0, false);
  clock.onMove(({ offsetMs, fire }) => shift(offsetMs, fire));
}
