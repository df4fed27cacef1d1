/**
 * Step Functions on loopback: the two actions that we use, over aws-local-stepfunctions. Tasks are handed to the parent.
 * Standard workflows' rule of names is kept: starting again what runs with the same input is no error, anything else is.
 */
import { StateMachine, type StateMachineDefinition } from 'aws-local-stepfunctions';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { holdDate } from './held-date.ts';
import { HeldTimers } from './held-timers.ts';
import { ShiftedTime } from './shifted-time.ts';

interface Execution {
  input: string;
  running: boolean;
  abort(): void;
}

interface Machine {
  definition: StateMachineDefinition;
  executions: Map<string, Execution>;
}

export type Question =
  | { do: 'create'; name: string; definition: StateMachineDefinition }
  | { do: 'remove'; name: string }
  | { do: 'hold'; nowMs: number }
  | { do: 'move'; nowMs: number }
  | { do: 'shift'; offsetMs: number; fire: boolean }
  | { do: 'look' }
  | { do: 'end-task'; task: number; result?: unknown; error?: string };

/** A task for the parent, which answers with `end-task`. */
export interface TaskMessage {
  task: number;
  machine: string;
  execution: string;
  state: string;
  input: unknown;
}

const machines = new Map<string, Machine>();
const tasks = new Map<number, PromiseWithResolvers<unknown>>();
let taskCount = 0;
let timers: HeldTimers | undefined;
let shifted: ShiftedTime | undefined;
let moveDate: (nowMs: number) => void = () => undefined;

class Refusal extends Error {
  readonly type: string;
  constructor(type: string, message: string) {
    super(message);
    this.type = type;
  }
}

interface Request {
  stateMachineArn?: string;
  executionArn?: string;
  name?: string;
  input?: string;
}

const actions: Record<string, (request: Request) => object> = {
  StartExecution({ stateMachineArn = '', name = '', input = '{}' }) {
    const machineName = stateMachineArn.split(':').at(-1) ?? '';
    const machine = machines.get(machineName);
    if (!machine) throw new Refusal('StateMachineDoesNotExist', `no state machine ${stateMachineArn}`);
    if (!/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/]{1,80}$/.test(name)) throw new Refusal('InvalidName', `not a name: ${name}`);
    const earlier = machine.executions.get(name);
    if (earlier && !(earlier.running && earlier.input === input)) throw new Refusal('ExecutionAlreadyExists', `${name} exists already`);
    if (!earlier) machine.executions.set(name, run(machineName, machine, name, input));
    return { executionArn: `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`, startDate: Date.now() / 1000 };
  },
  StopExecution({ executionArn = '' }) {
    const [machineName = '', name = ''] = executionArn.split(':').slice(-2);
    const execution = machines.get(machineName)?.executions.get(name);
    if (!execution) throw new Refusal('ExecutionDoesNotExist', `no execution ${executionArn}`);
    execution.abort();
    return { stopDate: Date.now() / 1000 };
  },
};

function run(machineName: string, { definition }: Machine, name: string, input: string): Execution {
  const states = Object.entries(definition.States).filter(([, { Type }]) => Type === 'Task');
  const taskResourceLocalHandlers = Object.fromEntries(states.map(([state]) => [state, (taskInput: unknown) => handOver({ machine: machineName, execution: name, state, input: taskInput })]));
  // Like the service: a machine that cannot be run is refused when it is made, not here.
  const running = new StateMachine(definition, { validationOptions: { noValidate: true } }).run(JSON.parse(input) as never, { noThrowOnAbort: true, overrides: { taskResourceLocalHandlers } } as never);
  const execution: Execution = { input, running: true, abort: () => running.abort() };
  const end = () => void (execution.running = false);
  running.result.then(end, end);
  return execution;
}

function handOver(message: Omit<TaskMessage, 'task'>): Promise<unknown> {
  const task = ++taskCount;
  const ended = Promise.withResolvers<unknown>();
  tasks.set(task, ended);
  process.send?.({ ...message, task } satisfies TaskMessage);
  return ended.promise;
}

/** Slow enough not to be done for every test anew. */
const checked = new Set<string>();

function check(definition: StateMachineDefinition): void {
  const text = JSON.stringify(definition);
  if (!checked.has(text)) new StateMachine(definition);
  checked.add(text);
}

async function answer(question: Question): Promise<unknown> {
  switch (question.do) {
    case 'create':
      check(question.definition);
      machines.set(question.name, { definition: question.definition, executions: new Map() });
      return undefined;
    case 'remove':
      for (const execution of machines.get(question.name)?.executions.values() ?? []) execution.abort();
      machines.delete(question.name);
      return undefined;
    case 'hold':
      if (!timers) {
        timers = new HeldTimers(question.nowMs);
        moveDate = holdDate(question.nowMs);
      }
      timers.restart(question.nowMs);
      moveDate(question.nowMs);
      return undefined;
    case 'move':
      await timers?.moveTo(question.nowMs, moveDate);
      return undefined;
    case 'shift':
      shifted ??= ShiftedTime.install();
      await shifted.moveTo(question.offsetMs, question.fire);
      return undefined;
    case 'look':
      return timers?.nextDueMs;
    case 'end-task': {
      const ended = tasks.get(question.task);
      tasks.delete(question.task);
      if (question.error === undefined) ended?.resolve(question.result ?? null);
      else ended?.reject(new Error(question.error));
      return undefined;
    }
  }
}

process.on('message', (message: Question & { id: number }) => {
  answer(message).then(
    (given) => process.send?.({ answerTo: message.id, answer: given }),
    (error: unknown) => process.send?.({ answerTo: message.id, error: String(error) }),
  );
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
  const send = (status: number, body: object) => response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  try {
    const action = actions[target];
    if (!action) throw new Refusal('UnknownOperationException', `not in this engine: ${target}`);
    send(200, action(JSON.parse(await textOf(request)) as Request));
  } catch (error) {
    if (error instanceof Refusal) send(400, { __type: error.type, message: error.message });
    else send(500, { __type: 'InternalError', message: String(error) });
  }
}

const server = createServer((request, response) => void serve(request, response));
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
