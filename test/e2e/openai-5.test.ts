import { openai5 } from './clients/openai-5.ts';
import { whatClientsDo } from './scenarios/index.ts';

whatClientsDo(openai5);
