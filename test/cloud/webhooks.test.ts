import { describe } from '@jest/globals';
import { openai7 } from '../e2e/clients/openai-7.ts';
import { webhookEndpoints } from '../e2e/scenarios/webhook-endpoints.ts';
import { webhookEvents } from '../e2e/scenarios/webhook-events.ts';
import { webhookTime } from '../e2e/scenarios/webhook-time.ts';
import { useStageOn } from '../e2e/stage.ts';
import { onCloud } from './harness/cloud-server.ts';

describe('webhooks', () => {
  const use = useStageOn(openai7, (model) => onCloud(model, { clocked: true }));
  webhookEndpoints(use);
  // What they check of signatures goes by the real time: before any day has passed.
  webhookEvents(use);
  webhookTime(use);
});
