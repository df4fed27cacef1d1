import { EVENT_TYPES } from '../../domain/webhook-event.ts';
import { endpoint } from '../endpoint.ts';

export const listWebhookEventTypes = endpoint({
  handle: async () => ({ object: 'list', data: EVENT_TYPES }),
});
