import * as z from 'zod';
import { text } from '../../shared/ports/config-env.ts';
import { telemetryEnv } from '../shared/env.ts';

/** It knows of no records: who asks it decides by them. */
export const FileSearchEnv = z.object({ ...telemetryEnv, BLOB_BUCKET: text });
