import { openai4 } from './clients/openai-4.ts';
import { everything } from './scenarios/index.ts';

everything(openai4);
