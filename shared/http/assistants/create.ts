import { planToolResources } from '../../actions/plan-tool-resources.ts';
import type { Assistant } from '../../domain/assistant.ts';
import { newId } from '../../domain/ids.ts';
import { create, retryOnConflict } from '../../ports/commit.ts';
import { toWireAssistant } from '../../wire/assistant.ts';
import { CreateAssistant } from '../../wire/requests/assistants.ts';
import { endpoint } from '../endpoint.ts';

export const createAssistant = endpoint({
  body: CreateAssistant,
  creates: 'assistant',
  handle({ world, projectId, body }) {
    return retryOnConflict(async () => {
      const nowMs = world.clock.nowMs();
      const of = { id: newId('assistant', nowMs), projectId };
      const { toolResources, plan } = await planToolResources(world, of, body.tool_resources);
      const assistant: Assistant = {
        ...of,
        rev: 0,
        createdAtMs: nowMs,
        model: body.model,
        name: body.name,
        description: body.description,
        instructions: body.instructions,
        reasoningEffort: body.reasoning_effort,
        tools: body.tools ?? [],
        toolResources,
        metadata: body.metadata ?? {},
        temperature: body.temperature,
        topP: body.top_p,
        responseFormat: body.response_format ?? 'auto',
      };
      await world.commit({ name: 'create-assistant', writes: [create('assistant', assistant), ...plan.writes], jobs: plan.jobs, timers: plan.timers });
      return toWireAssistant(assistant);
    });
  },
});
