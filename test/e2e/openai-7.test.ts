import { openai7 } from './clients/openai-7.ts';
import { everything } from './scenarios/index.ts';

everything(openai7);
