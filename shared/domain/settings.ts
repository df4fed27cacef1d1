/** The settings that assistants and runs share, in the contract's own shapes (contract §2). Stored as they travel. */
import * as z from 'zod';

/** A whole number whose wrong type is called by its name; zod itself calls it a number (shared/wire/validate.ts). */
export const integer = () => z.int({ error: 'an integer' });

/** What functions, and the schemas of answers, may be called. */
export const FunctionName = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/);

/** Up to 16 pairs of strings: keys to 64 characters, values to 512. */
export const Metadata = z
  .record(z.string(), z.string().max(512))
  .check((ctx) => {
    const keys = Object.keys(ctx.value);
    if (keys.length > 16) ctx.issues.push({ code: 'custom', input: ctx.value, params: { rule: 'max_properties', maximum: 16, actual: keys.length } });
    for (const key of keys) {
      if (key.length > 64) ctx.issues.push({ code: 'custom', input: key, params: { rule: 'max_property_name', maximum: 64, name: key } });
    }
  });
export type Metadata = z.infer<typeof Metadata>;

const RankingOptions = z.strictObject({
  ranker: z.enum(['auto', 'default_2024_08_21']).optional(),
  score_threshold: z.number().min(0).max(1),
});

export const FunctionDefinition = z.strictObject({
  name: FunctionName,
  description: z.string().optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
  strict: z.boolean().nullish(),
});

export const Tool = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('code_interpreter') }),
  z.strictObject({
    type: z.literal('file_search'),
    file_search: z
      .strictObject({ max_num_results: integer().min(1).max(50).optional(), ranking_options: RankingOptions.optional() })
      .optional(),
  }),
  z.strictObject({ type: z.literal('function'), function: FunctionDefinition }),
]);
export type Tool = z.infer<typeof Tool>;
export type FunctionTool = Extract<Tool, { type: 'function' }>;

export const ToolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: z.string() }) }),
    z.strictObject({ type: z.literal('code_interpreter') }),
    z.strictObject({ type: z.literal('file_search') }),
  ]),
]);
export type ToolChoice = z.infer<typeof ToolChoice>;

export const ResponseFormat = z.union([
  z.literal('auto'),
  z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('text') }),
    z.strictObject({ type: z.literal('json_object') }),
    z.strictObject({
      type: z.literal('json_schema'),
      json_schema: z.strictObject({
        name: FunctionName,
        description: z.string().optional(),
        schema: z.record(z.string(), z.unknown()).optional(),
        strict: z.boolean().nullish(),
      }),
    }),
  ]),
]);
export type ResponseFormat = z.infer<typeof ResponseFormat>;

export const TruncationStrategy = z.strictObject({
  type: z.enum(['auto', 'last_messages']),
  last_messages: integer().min(1).nullish(),
});
export type TruncationStrategy = z.infer<typeof TruncationStrategy>;

export const ReasoningEffort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
export type ReasoningEffort = z.infer<typeof ReasoningEffort>;

/** What stays on the record; the request's `vector_stores` helper becomes `vector_store_ids` before it is stored. */
export const MOST_CODE_FILES = 20;
export const fileIds = z.array(z.string()).max(MOST_CODE_FILES).default([]);
export const vectorStoreIds = (most: number) => z.array(z.string()).max(most).default([]);
export const ToolResources = z.strictObject({
  code_interpreter: z.strictObject({ file_ids: fileIds }).optional(),
  file_search: z.strictObject({ vector_store_ids: vectorStoreIds(50) }).optional(),
});
export type ToolResources = z.infer<typeof ToolResources>;

/** As a request that creates something may give them: with a vector store that is made for it. */
export interface ToolResourcesInput {
  resources?: ToolResources;
  newStore?: { fileIds: string[]; chunking?: { maxTokens: number; overlapTokens: number } | undefined; metadata?: Metadata | undefined } | undefined;
}

export const isFunctionTool = (tool: Tool): tool is FunctionTool => tool.type === 'function';
