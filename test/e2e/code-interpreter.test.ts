import { describe } from '@jest/globals';
import { openai4 } from './clients/openai-4.ts';
import { openai5 } from './clients/openai-5.ts';
import { openai6 } from './clients/openai-6.ts';
import { openai7 } from './clients/openai-7.ts';
import { codeInterpreterCalls } from './scenarios/code-interpreter-calls.ts';
import { codeInterpreterEnds } from './scenarios/code-interpreter-ends.ts';
import { codeInterpreterEscapes } from './scenarios/code-interpreter-escapes.ts';
import { codeInterpreterFiles } from './scenarios/code-interpreter-files.ts';
import { codeInterpreterTime } from './scenarios/code-interpreter-time.ts';
import { codeInterpreter } from './scenarios/code-interpreter.ts';
import { useStage } from './stage.ts';

describe('openai 7', () => {
  const use = useStage(openai7);
  for (const scenarios of [codeInterpreter, codeInterpreterCalls, codeInterpreterFiles, codeInterpreterEnds, codeInterpreterEscapes]) scenarios(use);
});

describe.each([openai4, openai5, openai6])('openai $major', (sdk) => codeInterpreter(useStage(sdk)));

describe('openai 7, as time goes by', () => codeInterpreterTime(useStage(openai7, { clocked: true })));
