import * as z from 'zod';
import { EVENT_TYPES } from '../../domain/webhook-event.ts';

const EventType = z.enum(EVENT_TYPES);
const name = z.string().min(1).max(256);
/** Checked further by whoever will send there. */
const url = z.string().min(1).max(2048);
const eventTypes = z.array(EventType).min(1).max(EVENT_TYPES.length);

/** As the official client has them; the types of events are Threadkeep's own. */
export const CreateWebhookEndpoint = z.strictObject({ name, url, event_types: eventTypes });
export const UpdateWebhookEndpoint = z.strictObject({ name: name.optional(), url: url.optional(), event_types: eventTypes.optional() });
export const RotateWebhookSecret = z.strictObject({ keep_old_secret_active_for_24_hours: z.boolean().nullish() });
export const TestWebhookEndpoint = z.strictObject({ event_type: EventType });
