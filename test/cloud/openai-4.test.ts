import { openai4 } from '../e2e/clients/openai-4.ts';
import { whatClientsSend } from '../e2e/scenarios/index.ts';
import { onCloud } from './harness/cloud-server.ts';

whatClientsSend(openai4, onCloud);
