/** The server's whole environment, parsed once. */
import { z } from 'zod';
import { RUN_WINDOW_SECONDS } from '../shared/domain/run.ts';
import type { Config } from '../shared/ports/world.ts';

const text = z.string().trim().min(1);
/** `a=b,c=d` */
const pairs = z
  .string()
  .default('')
  .transform((value, ctx) => {
    const entries = value.split(',').filter((pair) => pair.trim() !== '');
    return new Map(
      entries.map((pair) => {
        const [name = '', ...rest] = pair.split('=');
        if (name.trim() === '' || rest.length === 0) ctx.issues.push({ code: 'custom', input: value, message: `expected name=value, got "${pair}"` });
        return [name.trim(), rest.join('=').trim()] as const;
      }),
    );
  });
const list = (value: string) => value.split(',').map((item) => item.trim()).filter((item) => item !== '');

const Env = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(4010),
  HOST: text.default('127.0.0.1'),
  DATA_DIR: text.default('.data'),
  MODEL_BASE_URL: z.url().optional(),
  MODEL_API_KEY: text.optional(),
  MODEL_ALIASES: pairs,
  /** Tokens of prompt and answer together, for models not named in MODEL_CONTEXT_WINDOWS. */
  CONTEXT_WINDOW: z.coerce.number().int().min(1024).default(128_000),
  MODEL_CONTEXT_WINDOWS: pairs.transform((value, ctx) => {
    const windows = new Map([...value].map(([model, tokens]) => [model, Number(tokens)]));
    const wrong = [...windows].find(([, tokens]) => !Number.isInteger(tokens) || tokens < 1024);
    if (wrong) ctx.issues.push({ code: 'custom', input: value, message: `expected whole numbers from 1024, got ${value.get(wrong[0])} for ${wrong[0]}` });
    return windows;
  }),
  RUN_WINDOW_SECONDS: z.coerce.number().int().min(1).default(RUN_WINDOW_SECONDS),
  RETENTION_DAYS: z.union([z.literal('never'), z.coerce.number().int().min(1).max(3650)]).default(60),
  MAX_BODY_BYTES: z.coerce.number().int().min(1024).default(16 * 1024 * 1024),
  CORS_ORIGINS: z.string().default('local').transform(list),
  ALLOWED_HOSTS: z.string().default('').transform(list),
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

export const toConfig = (env: Env): Config => ({
  runWindowSeconds: env.RUN_WINDOW_SECONDS,
  retention: env.RETENTION_DAYS === 'never' ? 'never' : { days: env.RETENTION_DAYS },
  contextWindow: (model) =>
    env.MODEL_CONTEXT_WINDOWS.get(model) ?? env.MODEL_CONTEXT_WINDOWS.get(env.MODEL_ALIASES.get(model) ?? model) ?? env.CONTEXT_WINDOW,
});

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]', '::1'];

export const isLoopback = (host: string): boolean => LOOPBACK.includes(host);

/** On a loopback address the names of this machine and those allowed besides; anywhere else, or with '*', any name. */
export const allowedHosts = ({ HOST, ALLOWED_HOSTS }: Env): readonly string[] | undefined =>
  isLoopback(HOST) && !ALLOWED_HOSTS.includes('*') ? [...LOOPBACK, ...ALLOWED_HOSTS] : undefined;
