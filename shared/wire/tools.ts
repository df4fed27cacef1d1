import type { AssistantTool } from 'openai/resources/beta/assistants';
import type { Tool } from '../domain/settings.ts';

/** Tools as the hosted service echoed them: with the defaults that the client left out (contract §12). */
export function toWireTool(tool: Tool): AssistantTool {
  switch (tool.type) {
    case 'code_interpreter':
      return tool;
    case 'file_search': {
      const { max_num_results, ranking_options } = tool.file_search ?? {};
      return {
        type: 'file_search',
        file_search: {
          ...(max_num_results !== undefined && { max_num_results }),
          ranking_options: { ranker: ranking_options?.ranker ?? 'default_2024_08_21', score_threshold: ranking_options?.score_threshold ?? 0 },
        },
      };
    }
    case 'function': {
      const { name, description, parameters, strict } = tool.function;
      return {
        type: 'function',
        function: {
          name,
          ...(description !== undefined && { description }),
          parameters: parameters ?? { type: 'object', properties: {} },
          strict: strict ?? false,
        },
      };
    }
  }
}
