import { openai6 } from '../e2e/clients/openai-6.ts';
import { everything } from '../e2e/scenarios/index.ts';
import { onCloud } from './harness/cloud-server.ts';

everything(openai6, onCloud);
