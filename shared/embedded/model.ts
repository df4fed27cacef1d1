import { demoModel } from '../models/demo.ts';
import { openAiModel } from '../models/openai.ts';
import type { Model } from '../ports/model.ts';

export interface ModelSettings {
  baseUrl?: string | undefined;
  apiKey?: string | undefined;
  aliases: ReadonlyMap<string, string>;
}

/** A key alone means OpenAI itself; an address alone a server that wants no key, as Ollama; neither the demo model. */
export function makeModel({ baseUrl, apiKey, aliases }: ModelSettings): Model {
  if (baseUrl === undefined && apiKey === undefined) return demoModel;
  return openAiModel({ baseUrl, apiKey: apiKey ?? 'none', aliases });
}
