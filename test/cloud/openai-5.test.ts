import { openai5 } from '../e2e/clients/openai-5.ts';
import { whatClientsDo } from '../e2e/scenarios/index.ts';
import { onCloud } from './harness/cloud-server.ts';

whatClientsDo(openai5, onCloud);
