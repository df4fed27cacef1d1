import { openai7 } from './clients/openai-7.ts';
import { codeInterpreterHistories } from './scenarios/code-interpreter-histories.ts';
import { useStage } from './stage.ts';

codeInterpreterHistories(useStage(openai7));
