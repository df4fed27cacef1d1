import { openai7 } from './clients/openai-7.ts';
import { webhookEndpoints } from './scenarios/webhook-endpoints.ts';
import { useStage } from './stage.ts';

webhookEndpoints(useStage(openai7));
