/** Where the hosted service differed from its published document, and what we add to it: the only such list. */

import { at, dig, type Json, type JsonObject, ref } from './contract-json.ts';

/** A small change to one property of one schema of the document. */
export interface Deviation {
  schema: string;
  property: string;
  reason: string;
  /** A value that the document as published refuses and that we accept, or the reverse for a property we owe. */
  example: Json | undefined;
  apply: (schema: JsonObject) => void;
}

/** A schema for what the document does not have. */
export interface Extension {
  method: string;
  path: string;
  name: string;
  schema: JsonObject;
  reason: string;
}

const INTEGER_OR_NULL: JsonObject = { type: ['integer', 'null'] };

function nullable(schema: string, property: string, reason: string): Deviation {
  const apply = (owner: JsonObject): void => {
    at(owner, 'properties')[property] = { anyOf: [at(owner, 'properties', property), { type: 'null' }] };
  };
  return { schema, property, reason, example: null, apply };
}

function replaced(schema: string, property: string, by: JsonObject, example: Json, reason: string): Deviation {
  const apply = (owner: JsonObject): void => {
    at(owner, 'properties', property);
    at(owner, 'properties')[property] = by;
  };
  return { schema, property, reason, example, apply };
}

/** We owe the property: its absence is refused. `definition` for one that the document does not know. */
function owed(schema: string, property: string, reason: string, definition?: JsonObject): Deviation {
  const apply = (schemaObject: JsonObject): void => {
    // A nullable object is `anyOf` of the object and null.
    const owner = dig(schemaObject, 'anyOf') === undefined ? schemaObject : at(schemaObject, 'anyOf', '0');
    if (definition) at(owner, 'properties')[property] = definition;
    at(owner, 'properties', property);
    const required = Array.isArray(owner['required']) ? owner['required'] : [];
    owner['required'] = [...required, property];
  };
  return { schema, property, reason, example: undefined, apply };
}

const RETENTION: JsonObject = {
  anyOf: [
    { type: 'object', properties: { days: { type: 'integer', minimum: 1 } }, required: ['days'], additionalProperties: false },
    { type: 'string', enum: ['never'] },
  ],
};

const EMPTY_LIST = 'hosted answers null for first_id and last_id of an empty list';
const PAGED = ['ListAssistantsResponse', 'ListMessagesResponse', 'ListRunsResponse', 'ListRunStepsResponse', 'ListFilesResponse', 'ListVectorStoresResponse', 'ListVectorStoreFilesResponse'];
const ALWAYS = 'hosted always sends it; the document leaves it optional';
const EXTRA = 'hosted sends it; the document does not know it';
const USAGE_DETAILS = 'hosted adds the details to usage, with this spelling; the document does not know them';

const usageDetails = (schema: string): Deviation[] => [
  owed(schema, 'prompt_token_details', USAGE_DETAILS, { type: 'object', properties: { cached_tokens: { type: 'integer' } }, required: ['cached_tokens'] }),
  owed(schema, 'completion_tokens_details', USAGE_DETAILS, { type: 'object', properties: { reasoning_tokens: { type: 'integer' } }, required: ['reasoning_tokens'] }),
];

export const DEVIATIONS: readonly Deviation[] = [
  ...PAGED.flatMap((list) => [nullable(list, 'first_id', EMPTY_LIST), nullable(list, 'last_id', EMPTY_LIST)]),
  nullable('RunObject', 'instructions', 'hosted answers null when neither run nor assistant has instructions; the document wants a string'),
  {
    schema: 'RunObject',
    property: 'tools',
    reason: 'a run takes over all 128 tools that an assistant may have; the document stops at 20',
    example: Array.from({ length: 21 }, () => ({ type: 'code_interpreter' })),
    apply: (owner) => {
      at(owner, 'properties', 'tools')['maxItems'] = 128;
    },
  },
  replaced('ErrorEvent', 'data', ref('ErrorResponse'), { error: { message: 'm', type: 'server_error', param: null, code: null } }, 'the official stream parsers need the error of an SSE error event wrapped; the document has it bare'),
  replaced('VectorStoreFileBatchObject', 'object', { type: 'string', enum: ['vector_store.file_batch'] }, 'vector_store.file_batch', 'hosted names the object vector_store.file_batch; the document vector_store.files_batch'),
  nullable('VectorStoreObject', 'name', 'hosted answers null for a store without a name'),
  nullable('VectorStoreObject', 'expires_after', 'hosted answers null when nothing expires'),
  replaced('OpenAIFile', 'purpose', { type: 'string', enum: ['assistants', 'assistants_output', 'batch', 'batch_output', 'fine-tune', 'fine-tune-results', 'vision', 'user_data', 'evals'] }, 'evals', 'a file may be uploaded for evals; the document does not know one that was'),
  nullable('OpenAIFile', 'expires_at', 'hosted answers null when nothing expires'),
  nullable('OpenAIFile', 'status_details', 'hosted answers null; deprecated, but present'),
  nullable('Upload', 'file', 'null until the upload is complete'),

  owed('AssistantObject', 'tool_resources', ALWAYS),
  owed('AssistantObject', 'temperature', ALWAYS),
  owed('AssistantObject', 'top_p', ALWAYS),
  owed('AssistantObject', 'response_format', ALWAYS),
  owed('AssistantObject', 'reasoning_effort', EXTRA, ref('ReasoningEffort')),
  owed('RunObject', 'temperature', ALWAYS),
  owed('RunObject', 'top_p', ALWAYS),
  owed('RunObject', 'reasoning_effort', EXTRA, ref('ReasoningEffort')),
  owed('RunObject', 'tool_resources', EXTRA, { type: ['object', 'null'] }),
  owed('RunStepObject', 'expires_at', 'hosted sends expires_at, the document expired_at: both are owed', INTEGER_OR_NULL),
  ...usageDetails('RunCompletionUsage'),
  ...usageDetails('RunStepCompletionUsage'),
  owed('OpenAIFile', 'expires_at', ALWAYS),
  owed('OpenAIFile', 'status_details', ALWAYS),
  owed('VectorStoreObject', 'description', EXTRA, { type: ['string', 'null'] }),
  owed('VectorStoreObject', 'expires_after', ALWAYS),
  owed('VectorStoreObject', 'expires_at', ALWAYS),
];

export const EXTENSIONS: readonly Extension[] = [
  {
    method: 'get',
    path: '/threads',
    name: 'ListThreadsResponse',
    reason: 'the API never had a way to list threads; ours has the shape of every other list',
    schema: {
      type: 'object',
      properties: {
        object: { type: 'string', enum: ['list'] },
        data: { type: 'array', items: ref('ThreadObject') },
        first_id: { type: ['string', 'null'] },
        last_id: { type: ['string', 'null'] },
        has_more: { type: 'boolean' },
      },
      required: ['object', 'data', 'first_id', 'last_id', 'has_more'],
    },
  },
  ...['get', 'post'].map((method) => ({
    method,
    path: '/project',
    name: 'ProjectObject',
    reason: 'settings of a project are ours alone',
    schema: {
      type: 'object',
      additionalProperties: false,
      properties: {
        id: { type: 'string' },
        object: { type: 'string', enum: ['project'] },
        retention: RETENTION,
        export_on_expiry: { type: 'boolean' },
        expiring_days: { type: ['integer', 'null'], minimum: 1, maximum: 365 },
        when_busy: { type: 'string', enum: ['reject', 'queue', 'cancel_active'] },
      },
      required: ['id', 'object', 'retention', 'export_on_expiry', 'expiring_days', 'when_busy'],
    },
  })),
];
