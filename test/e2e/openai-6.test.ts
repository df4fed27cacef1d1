import { openai6 } from './clients/openai-6.ts';
import { everything } from './scenarios/index.ts';

everything(openai6);
