/**
 * State transitions, by AWS's rule, which no engine here counts: each state that is entered is one, and so is the start. What a
 * stopped execution was charged for is what it had entered.
 */
import * as z from 'zod';
import type { Template } from '../../test/cloud/harness/template.ts';

const Joined = z.object({ DefinitionString: z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }) });
const Definition = z.object({ StartAt: z.string(), States: z.record(z.string(), z.object({ Type: z.string(), Next: z.string().optional(), End: z.boolean().optional() })) });

/** Of one execution: until it waits, and from there to its end. */
export interface Path {
  untilItWaits: number;
  afterwards: number;
}

/** The way through the only state machine, which has no choices. */
export function pathOf({ Resources }: Template): Path {
  const [machine, another] = Object.values(Resources).filter(({ Type }) => Type === 'AWS::StepFunctions::StateMachine');
  if (!machine || another) throw new Error('one state machine is expected');
  const [separator, pieces] = Joined.parse(machine.Properties).DefinitionString['Fn::Join'];
  const { StartAt, States } = Definition.parse(JSON.parse(pieces.map((piece) => (typeof piece === 'string' ? piece : 'resource')).join(separator)));
  const types: string[] = [];
  for (let name: string | undefined = StartAt; name !== undefined; name = States[name]?.Next) types.push(States[name]?.Type ?? 'missing');
  const waits = types.indexOf('Wait');
  if (waits === -1 || types.some((type) => type !== 'Wait' && type !== 'Task')) throw new Error(`a state machine that is not understood: ${types.join(', ')}`);
  return { untilItWaits: 1 + waits + 1, afterwards: types.length - waits - 1 };
}

/** `wentOff`: how many of the executions were not stopped in their wait. */
export const transitionsOf = ({ untilItWaits, afterwards }: Path, { started, wentOff }: { started: number; wentOff: number }): number => started * untilItWaits + wentOff * afterwards;
