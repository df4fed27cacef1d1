import { openai5 } from '../e2e/clients/openai-5.ts';
import { whatClientsSend } from '../e2e/scenarios/index.ts';
import { onCloud } from './harness/cloud-server.ts';

whatClientsSend(openai5, onCloud);
