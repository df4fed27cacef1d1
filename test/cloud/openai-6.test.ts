import { openai6 } from '../e2e/clients/openai-6.ts';
import { whatClientsDo } from '../e2e/scenarios/index.ts';
import { onCloud } from './harness/cloud-server.ts';

whatClientsDo(openai6, onCloud);
