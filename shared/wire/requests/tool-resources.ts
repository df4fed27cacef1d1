import { ToolResources } from '../../domain/settings.ts';
import { optional } from './settings.ts';

/**
 * Files and vector stores that assistants and threads bring along. The `vector_stores` helper of the create requests
 * arrives with vector stores themselves.
 */
export const createToolResources = optional(ToolResources);
export const modifyToolResources = ToolResources.nullish();
