/** AgentCore behind the front: each operation needs its own permission on the interpreter, and code that is executed is not waited for. */
import { StartCodeInterpreterSessionCommand } from '@aws-sdk/client-bedrock-agentcore';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { useEngines } from '../contract/aws-stage.ts';
import { makeSandbox } from '../../shared/aws/sandbox.ts';
import { systemClock } from '../../shared/domain/clock.ts';
import type { Sandbox } from '../../shared/ports/sandbox.ts';
import type { Verdict } from './harness/aws-front.ts';
import { INTERPRETER, type FrontStage, openFront } from './harness/aws-front-stage.ts';

const engines = useEngines();
let stage: FrontStage;
let sandbox: Sandbox;

beforeEach(async () => {
  stage = await openFront(await engines());
  sandbox = makeSandbox({ client: stage.clients().agentcore, identifier: INTERPRETER.id, clock: systemClock });
});
afterEach(() => stage.close());

const may = (...names: string[]) => stage.permit(...names.map((name) => ({ Action: `bedrock-agentcore:${name}`, Resource: INTERPRETER.arn })));

it('what is allowed passes, and nobody waits for it while it is executed', async () => {
  may('StartCodeInterpreterSession', 'InvokeCodeInterpreter', 'StopCodeInterpreterSession');
  const met: string[] = [];
  stage.front.intercept(async ({ operation }): Promise<Verdict> => {
    met.push(operation);
    // The call before has its answer a moment before the front has noticed; this one, were it counted, would be so for ever.
    while (operation === 'InvokeCodeInterpreter' && stage.front.underWay > 0) await nextTurn();
    return 'pass';
  });
  const session = await sandbox.open();
  expect(await sandbox.execute(session, '6 * 7')).toMatchObject({ outcome: 'ok', logs: '42\n' });
  await sandbox.close(session);
  expect(met).toEqual(['StartCodeInterpreterSession', 'InvokeCodeInterpreter', 'InvokeCodeInterpreter', 'StopCodeInterpreterSession']);
  expect([stage.front.total, stage.front.violations]).toEqual([4, []]);
});

it.each(['StartCodeInterpreterSession', 'InvokeCodeInterpreter'])('what is not allowed is refused, and noted: %s', async (left) => {
  may(...['StartCodeInterpreterSession', 'InvokeCodeInterpreter', 'StopCodeInterpreterSession'].filter((name) => name !== left));
  await expect(sandbox.open()).rejects.toThrow(/AccessDeniedException/);
  expect(stage.front.violations).toEqual([expect.stringMatching(new RegExp(`^Fn\\.1 bedrock-agentcore:${left} on ${INTERPRETER.arn} `))]);
});

it('another interpreter is none that it knows', async () => {
  stage.permit({ Action: '*', Resource: '*' });
  const { agentcore } = stage.clients();
  await expect(agentcore.send(new StartCodeInterpreterSessionCommand({ codeInterpreterIdentifier: 'other-Ab12Cd34Ef' }))).rejects.toMatchObject({ name: 'NotUnderstoodByTheTest' });
  expect(stage.front.violations[0]).toContain('not understood: the code interpreter other-Ab12Cd34Ef');
});
