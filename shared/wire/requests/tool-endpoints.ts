import * as z from 'zod';
import { FunctionName } from '../../domain/settings.ts';
import { ToolTimeout } from '../../domain/tool-endpoint.ts';
import { optional } from './settings.ts';

/** Checked further by whoever will call there. */
const target = { url: optional(z.string().min(1).max(2048)), lambda_arn: optional(z.string().min(1).max(512)) };
const settings = { ...target, timeout_seconds: optional(ToolTimeout) };

export const CreateToolEndpoint = z.strictObject({ name: FunctionName, ...settings });
export const UpdateToolEndpoint = z.strictObject(settings);
export const RotateToolSecret = z.strictObject({ keep_old_secret_active_for_24_hours: z.boolean().nullish() });
