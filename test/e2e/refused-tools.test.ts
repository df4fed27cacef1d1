import { openai7 } from './clients/openai-7.ts';
import { codeInterpreterRefused } from './scenarios/code-interpreter-refused.ts';
import { useStage } from './stage.ts';

codeInterpreterRefused(useStage(openai7, { env: { PYTHON: '/nonexistent' } }), /: .*code_interpreter has no Python: \/nonexistent did not run/);
