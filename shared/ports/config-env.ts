/** What an operator may set through the environment, the same in both worlds: every variable is text, parsed here and nowhere else. */
import * as z from 'zod';
import { RUN_WINDOW_SECONDS } from '../domain/run.ts';
import type { Config } from './world.ts';

export const text = z.string().trim().min(1);

/** A whole number, given as text. */
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => z.string().transform(Number).pipe(z.int().min(least).max(most));

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

/** `a,b` */
export const list = z.string().transform((value) => value.split(',').map((item) => item.trim()).filter((item) => item !== ''));

/** The variables behind `Config`; the fields of a larger schema. */
export const configEnv = {
  /** Names that applications still use, and what serves them today. */
  MODEL_ALIASES: pairs,
  /** Tokens of prompt and answer together, for models not named in MODEL_CONTEXT_WINDOWS. */
  CONTEXT_WINDOW: whole(1024).default(128_000),
  MODEL_CONTEXT_WINDOWS: pairs.transform((value, ctx) => {
    const windows = new Map([...value].map(([model, tokens]) => [model, Number(tokens)]));
    const wrong = [...windows].find(([, tokens]) => !Number.isInteger(tokens) || tokens < 1024);
    if (wrong) ctx.issues.push({ code: 'custom', input: value, message: `expected whole numbers from 1024, got ${value.get(wrong[0])} for ${wrong[0]}` });
    return windows;
  }),
  RUN_WINDOW_SECONDS: whole(1).default(RUN_WINDOW_SECONDS),
  /** `none` for keyword search alone. */
  EMBEDDING_MODEL: text.default('text-embedding-3-large'),
  /** What the model is asked for; 256 of OpenAI's own, of any other what it has. */
  EMBEDDING_DIMENSIONS: whole(1, 4096).optional(),
  MAX_FILE_TOKENS: whole(1000).default(5_000_000),
  MAX_FILES_PER_STORE: whole(1, 1_000_000).default(10_000),
  RETENTION_DAYS: z.union([z.literal('never'), whole(1, 3650)]).default(60),
};

export const toConfig = (env: z.infer<z.ZodObject<typeof configEnv>>): Config => ({
  runWindowSeconds: env.RUN_WINDOW_SECONDS,
  retention: env.RETENTION_DAYS === 'never' ? 'never' : { days: env.RETENTION_DAYS },
  embedding: toEmbedding(env.EMBEDDING_MODEL, env.EMBEDDING_DIMENSIONS),
  mostFileTokens: env.MAX_FILE_TOKENS,
  mostFilesPerStore: env.MAX_FILES_PER_STORE,
  contextWindow: (model) =>
    env.MODEL_CONTEXT_WINDOWS.get(model) ?? env.MODEL_CONTEXT_WINDOWS.get(env.MODEL_ALIASES.get(model) ?? model) ?? env.CONTEXT_WINDOW,
});

/** OpenAI's third generation lets itself be asked for fewer dimensions; most others refuse to be told. */
const toEmbedding = (model: string, dimensions = model.startsWith('text-embedding-3') ? 256 : undefined): Config['embedding'] =>
  model === 'none' ? undefined : { model, ...(dimensions !== undefined && { dimensions }) };
