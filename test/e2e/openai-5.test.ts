import { openai5 } from './clients/openai-5.ts';
import { everything } from './scenarios/index.ts';

everything(openai5);
