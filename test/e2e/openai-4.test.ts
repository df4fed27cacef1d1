import { openai4 } from './clients/openai-4.ts';
import { whatClientsDo } from './scenarios/index.ts';

whatClientsDo(openai4);
