import type { StateMachineDefinition } from 'aws-local-stepfunctions';
import { Child } from './child.ts';
import type { Question, TaskMessage } from './state-machine-main.ts';

export interface Task {
  execution: string;
  state: string;
  input: unknown;
}

/** What a Task state calls, as Step Functions would invoke its Lambda. */
export type OnTask = (task: Task) => Promise<unknown>;

/** Step Functions. */
export class StateMachines {
  readonly endpoint: string;
  readonly #child: Child;
  readonly #onTask = new Map<string, OnTask>();

  private constructor(child: Child, port: number) {
    this.#child = child;
    this.endpoint = `http://127.0.0.1:${port}`;
    child.process.on('message', (message: Partial<TaskMessage>) => {
      if (message.task !== undefined) void this.#doTask(message as TaskMessage);
    });
  }

  static async start(): Promise<StateMachines> {
    const { child, port } = await Child.ofMain(new URL('state-machine-main.ts', import.meta.url));
    return new StateMachines(child, port);
  }

  /** Makes a machine and resolves to its ARN. */
  async create(name: string, definition: StateMachineDefinition, onTask: OnTask): Promise<string> {
    this.#onTask.set(name, onTask);
    await this.#ask({ do: 'create', name, definition });
    return `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`;
  }

  /** Stops all its executions too. */
  async remove(name: string): Promise<void> {
    this.#onTask.delete(name);
    await this.#ask({ do: 'remove', name });
  }

  /** From now on time stands still but for `moveTo`. Whatever waited before never goes on. */
  async holdAt(nowMs: number): Promise<void> {
    await this.#ask({ do: 'hold', nowMs });
  }

  async moveTo(nowMs: number): Promise<void> {
    await this.#ask({ do: 'move', nowMs });
  }

  /** Time goes on, so much later than it really is. To be called before the executions that are to feel it. */
  async shiftTo(offsetMs: number, fire: boolean): Promise<void> {
    await this.#ask({ do: 'shift', offsetMs, fire });
  }

  /** When the next execution goes on, on a held clock. */
  nextDueMs(): Promise<number | undefined> {
    return this.#ask<number | undefined>({ do: 'look' });
  }

  stop(): Promise<void> {
    return this.#child.stop();
  }

  async #doTask({ task, machine, execution, state, input }: TaskMessage): Promise<void> {
    try {
      const result = await this.#onTask.get(machine)?.({ execution, state, input });
      await this.#ask({ do: 'end-task', task, result });
    } catch (error) {
      await this.#ask({ do: 'end-task', task, error: String(error) });
    }
  }

  #ask<Answer>(question: Question): Promise<Answer> {
    return this.#child.ask<Answer>(question);
  }
}
