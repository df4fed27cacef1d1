import { openai6 } from './clients/openai-6.ts';
import { whatClientsDo } from './scenarios/index.ts';

whatClientsDo(openai6);
