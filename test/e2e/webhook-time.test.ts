import { openai7 } from './clients/openai-7.ts';
import { webhookTime } from './scenarios/webhook-time.ts';
import { useStage } from './stage.ts';

webhookTime(useStage(openai7, { clocked: true }));
