import { openai6 } from '../e2e/clients/openai-6.ts';
import { whatClientsSend } from '../e2e/scenarios/index.ts';
import { onCloud } from './harness/cloud-server.ts';

whatClientsSend(openai6, onCloud);
