/** Code of models on a deployment: executed in sessions of AgentCore's stand-in, which any Lambda finds. */
import { describe } from '@jest/globals';
import { openai4 } from '../e2e/clients/openai-4.ts';
import { openai5 } from '../e2e/clients/openai-5.ts';
import { openai6 } from '../e2e/clients/openai-6.ts';
import { openai7 } from '../e2e/clients/openai-7.ts';
import { codeInterpreterCalls } from '../e2e/scenarios/code-interpreter-calls.ts';
import { codeInterpreterEnds, ENDLESS } from '../e2e/scenarios/code-interpreter-ends.ts';
import { codeInterpreterEscapes } from '../e2e/scenarios/code-interpreter-escapes.ts';
import { codeInterpreterFiles } from '../e2e/scenarios/code-interpreter-files.ts';
import { codeInterpreterRefused } from '../e2e/scenarios/code-interpreter-refused.ts';
import { type AtWork, codeInterpreterTime } from '../e2e/scenarios/code-interpreter-time.ts';
import { codeInterpreter } from '../e2e/scenarios/code-interpreter.ts';
import { eventually, useStageOn } from '../e2e/stage.ts';
import type { ScriptedModel } from '../support/scripted-model.ts';
import { withoutCode } from './crash/permissions.ts';
import { cloudAssembly } from './harness/assembly.ts';
import { CloudServer, onCloud } from './harness/cloud-server.ts';

const start = (model: ScriptedModel) => onCloud(model, { clocked: true });

/** AgentCore tells output at the end alone; the stand-in knows that there is to be some. */
const atWork: AtWork = async ({ server }) => {
  if (!(server instanceof CloudServer)) throw new Error('there are others on the cloud');
  const { executing } = server.deployment.agentcore;
  await eventually('the code has begun', () => Promise.resolve([...executing].some((code) => code.includes(ENDLESS)) || undefined));
};

describe('openai 7', () => {
  const use = useStageOn(openai7, start);
  for (const scenarios of [codeInterpreter, codeInterpreterCalls, codeInterpreterFiles, codeInterpreterEscapes]) scenarios(use);
  for (const scenarios of [codeInterpreterEnds, codeInterpreterTime]) scenarios(use, atWork);
});

describe.each([openai4, openai5, openai6])('openai $major', (sdk) => codeInterpreter(useStageOn(sdk, start)));

describe('a stage that has no code executed', () => codeInterpreterRefused(useStageOn(openai7, ({ baseUrl }) => CloudServer.start(baseUrl, withoutCode(cloudAssembly()))), /it is turned off/));
