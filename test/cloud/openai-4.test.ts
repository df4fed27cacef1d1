import { openai4 } from '../e2e/clients/openai-4.ts';
import { everything } from '../e2e/scenarios/index.ts';
import { onCloud } from './harness/cloud-server.ts';

everything(openai4, onCloud);
