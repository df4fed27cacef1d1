import { openai7 } from './clients/openai-7.ts';
import { imports } from './scenarios/imports.ts';
import { useStage } from './stage.ts';

imports(useStage(openai7));
