/** The server's whole environment, parsed once. */
import { isAbsolute } from 'node:path';
import * as z from 'zod';
import { configEnv, list, text, toConfig, whole } from '../shared/ports/config-env.ts';

export { toConfig };

/** Nobody sets it by accident, or because others do. */
const ACCEPTED = 'i-know-what-this-means';

const Env = z.object({
  PORT: whole(0, 65_535).default(4010),
  HOST: text.default('127.0.0.1'),
  DATA_DIR: text.default('.data'),
  MODEL_BASE_URL: z.url().optional(),
  MODEL_API_KEY: text.optional(),
  ...configEnv,
  MAX_BODY_BYTES: whole(1024).default(16 * 1024 * 1024),
  CORS_ORIGINS: list.prefault('local'),
  ALLOWED_HOSTS: list.prefault(''),
  OUTBOUND_LOOPBACK: z.enum(['on', 'off']).optional(),
  /** That code_interpreter runs. */
  PYTHON: text.refine(isAbsolute, `expected an interpreter's whole path, such as /usr/bin/python3`).optional(),
  CODE_INTERPRETER_WITHOUT_ISOLATION: z.literal(ACCEPTED, `set it to exactly ${ACCEPTED} or not at all. With it, code that a model writes may do whatever the server's user may do (docs/sandbox.md)`).optional(),
  LOG: z.enum(['off', 'error', 'info']).default('error'),
});
export type Env = z.infer<typeof Env>;

export class EnvError extends Error {}

/** An empty or blank variable counts as absent. EnvError names every variable that is wrong, and how. */
export function readEnv(source: NodeJS.ProcessEnv = process.env): Env {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value?.trim() !== ''));
  const result = Env.safeParse(given);
  if (result.success) return result.data;
  throw new EnvError(result.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`).join('\n'));
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]', '::1'];

export const isLoopback = (host: string): boolean => LOOPBACK.includes(host);

/** On a loopback address the names of this machine and those allowed besides; anywhere else, or with '*', any name. */
export const allowedHosts = ({ HOST, ALLOWED_HOSTS }: Env): readonly string[] | undefined =>
  isLoopback(HOST) && !ALLOWED_HOSTS.includes('*') ? [...LOOPBACK, ...ALLOWED_HOSTS] : undefined;

/** Webhooks may go to this machine itself only where its owner tries things out: on a loopback address, or when told so. */
export const mayAskLoopback = ({ HOST, OUTBOUND_LOOPBACK }: Env): boolean => (OUTBOUND_LOOPBACK === undefined ? isLoopback(HOST) : OUTBOUND_LOOPBACK === 'on');
