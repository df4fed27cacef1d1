import { placeCodeFiles } from '../../actions/code-files.ts';
import { findAssistant } from '../../actions/find.ts';
import { checkToolResources } from '../../actions/known-files.ts';
import type { Assistant } from '../../domain/assistant.ts';
import { toWireAssistant } from '../../wire/assistant.ts';
import { ModifyAssistant } from '../../wire/requests/assistants.ts';
import { endpoint } from '../endpoint.ts';
import { modify, over } from '../modify.ts';

/** `metadata` and `tools` are replaced whole. */
export const updateAssistant = endpoint({
  body: ModifyAssistant,
  async handle({ world, projectId, id, body }) {
    await checkToolResources(world, projectId, body.tool_resources);
    const find = () => findAssistant(world, projectId, id('assistant_id'));
    const change = (before: Assistant): Assistant => ({
      ...before,
      model: body.model ?? before.model,
      name: over(body.name, before.name),
      description: over(body.description, before.description),
      instructions: over(body.instructions, before.instructions),
      reasoningEffort: over(body.reasoning_effort, before.reasoningEffort),
      tools: over(body.tools, before.tools) ?? [],
      toolResources: body.tool_resources === null ? {} : { ...before.toolResources, ...body.tool_resources },
      metadata: over(body.metadata, before.metadata) ?? {},
      temperature: over(body.temperature, before.temperature),
      topP: over(body.top_p, before.topP),
      responseFormat: over(body.response_format, before.responseFormat) ?? 'auto',
    });
    const assistant = await modify(world, 'assistant', find, change, (after, before) => placeCodeFiles(world, after, after.toolResources, before.toolResources));
    return toWireAssistant(assistant);
  },
});
