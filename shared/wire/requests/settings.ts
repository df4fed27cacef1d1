/** Fields that several requests share. Limits and defaults: contract §2. */
import * as z from 'zod';
import { Metadata, ReasoningEffort, ResponseFormat, Tool, isFunctionTool } from '../../domain/settings.ts';
import { refusedSchemaPart } from './function-schema.ts';

/** Absent or null both mean "not given" where the record has no third state. */
export const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

const MOST_TOOLS = 128;

export const tools = z
  .array(Tool)
  .max(MOST_TOOLS)
  .check((ctx) => {
    const seen = new Set<string>();
    ctx.value.forEach((tool, index) => {
      if (!isFunctionTool(tool)) return;
      const { name, parameters } = tool.function;
      const at = ['function', 'name'];
      if (seen.has(name)) ctx.issues.push(said([index, ...at], `Invalid 'tools': duplicate function name '${name}'. Function names must be unique.`, 'duplicate_function_name'));
      seen.add(name);
      const refused = refusedSchemaPart(parameters);
      if (refused) ctx.issues.push(said([index, 'function', 'parameters'], `Invalid schema for function '${name}': ${refused}`, 'invalid_function_parameters'));
    });
  });

/** An issue that brings its own sentence and code. */
function said(path: (string | number)[], message: string, code: string): z.core.$ZodRawIssue {
  return { code: 'custom', input: undefined, path, message, params: { rule: 'said', code } };
}

export const metadata = optional(Metadata);
export const temperature = z.number().min(0).max(2);
export const topP = z.number().min(0).max(1);
export const instructions = z.string().max(256_000);

/** Settings of an assistant that a run may override, as both requests take them. */
export const overridable = {
  instructions: optional(instructions),
  tools: optional(tools),
  temperature: optional(temperature),
  top_p: optional(topP),
  reasoning_effort: optional(ReasoningEffort),
  response_format: optional(ResponseFormat),
};
