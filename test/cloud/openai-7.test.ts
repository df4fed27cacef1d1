import { openai7 } from '../e2e/clients/openai-7.ts';
import { everything } from '../e2e/scenarios/index.ts';
import { onCloud } from './harness/cloud-server.ts';

everything(openai7, onCloud);
