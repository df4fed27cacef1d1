/** Step Functions' calls of Lambda: as the machine's role allows, with what the execution hands over. */
import type { OnTask } from '../../support/engines/state-machines.ts';
import type { DeclaredMachine } from './declared-service.ts';
import { type PolicyDocument, allows } from './iam.ts';
import type { LambdaFunction } from './lambda-function.ts';

export class TimerCalls {
  /** Functions that a machine's role does not let it call. */
  readonly violations: string[] = [];
  readonly #functions: ReadonlyMap<string, LambdaFunction>;

  constructor(functions: ReadonlyMap<string, LambdaFunction>) {
    this.#functions = functions;
  }

  /** What the task states of a machine do: each names a function by its ARN, which gets the state's input whole. */
  of({ id, definition }: DeclaredMachine, policies: PolicyDocument[]): OnTask {
    return async ({ state, input }) => {
      const resource = String(definition.States[state]?.['Resource']);
      const lambda = this.#functions.get(resource);
      if (!lambda) throw new Error(`a task of ${id} that is not understood: ${resource}`);
      if (!allows(policies, { action: 'lambda:InvokeFunction', resource, context: {} })) {
        this.violations.push(`${id} lambda:InvokeFunction on ${resource}: no policy allows it`);
        throw new Error('Lambda.AccessDeniedException');
      }
      return lambda.invoke(input);
    };
  }
}
