import { hash } from 'node:crypto';
import * as z from 'zod';

/** An API key. The key itself is never stored: `id` is its SHA-256 in hex, `hint` its first and last characters for people. */
export const ApiKey = z.strictObject({
  id: z.string(),
  rev: z.int(),
  projectId: z.string(),
  name: z.string(),
  hint: z.string(),
  createdAtMs: z.int(),
});
export type ApiKey = z.infer<typeof ApiKey>;

export const DEFAULT_PROJECT = 'proj_default';

/** What a project may be called: the name is part of every key in the store. */
export const PROJECT_NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** A plain digest is enough: keys we create have 190 random bits, so there is nothing to guess. */
export const hashKey = (key: string): string => hash('sha256', key, 'hex');

export const keyHint = (key: string): string => (key.length <= 12 ? key : `${key.slice(0, 7)}…${key.slice(-4)}`);

export const newApiKey = (key: string, fields: Pick<ApiKey, 'projectId' | 'name' | 'createdAtMs'>): ApiKey => ({ id: hashKey(key), rev: 0, hint: keyHint(key), ...fields });
