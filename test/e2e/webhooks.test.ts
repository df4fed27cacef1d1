import { openai7 } from './clients/openai-7.ts';
import { webhookEvents } from './scenarios/webhook-events.ts';
import { useStage } from './stage.ts';

webhookEvents(useStage(openai7));
