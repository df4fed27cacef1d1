/** Every URL of the API. Static paths before those with a parameter in the same place. */
import { createAssistant } from './assistants/create.ts';
import { deleteAssistant } from './assistants/delete.ts';
import { listAssistants } from './assistants/list.ts';
import { retrieveAssistant } from './assistants/retrieve.ts';
import { updateAssistant } from './assistants/update.ts';
import type { Feature } from '../ports/world.ts';
import type { Endpoint } from './endpoint.ts';
import { downloadExport } from './exports/content.ts';
import { createExport } from './exports/create.ts';
import { deleteExport } from './exports/delete.ts';
import { listExports } from './exports/list.ts';
import { retrieveExport } from './exports/retrieve.ts';
import { downloadFile } from './files/content.ts';
import { createFile } from './files/create.ts';
import { deleteFile } from './files/delete.ts';
import { listFiles } from './files/list.ts';
import { retrieveFile } from './files/retrieve.ts';
import { createImport } from './imports/create.ts';
import { listModels } from './models/list.ts';
import { retrieveModel } from './models/retrieve.ts';
import { retrieveProject } from './project/retrieve.ts';
import { updateProject } from './project/update.ts';
import { createAndRun } from './threads/create-and-run.ts';
import { createThread } from './threads/create.ts';
import { deleteThread } from './threads/delete.ts';
import { createThreadExport } from './threads/exports.ts';
import { listThreads } from './threads/list.ts';
import { createMessage } from './threads/messages/create.ts';
import { deleteMessage } from './threads/messages/delete.ts';
import { listMessages } from './threads/messages/list.ts';
import { retrieveMessage } from './threads/messages/retrieve.ts';
import { updateMessage } from './threads/messages/update.ts';
import { retrieveThread } from './threads/retrieve.ts';
import { cancelRun } from './threads/runs/cancel.ts';
import { createRun } from './threads/runs/create.ts';
import { followRun } from './threads/runs/follow.ts';
import { listRuns } from './threads/runs/list.ts';
import { retrieveRun } from './threads/runs/retrieve.ts';
import { listSteps } from './threads/runs/steps/list.ts';
import { retrieveStep } from './threads/runs/steps/retrieve.ts';
import { submitToolOutputs } from './threads/runs/submit-tool-outputs.ts';
import { updateRun } from './threads/runs/update.ts';
import { touchThread } from './threads/touch.ts';
import { updateThread } from './threads/update.ts';
import { createToolEndpoint } from './tool-endpoints/create.ts';
import { deleteToolEndpoint } from './tool-endpoints/delete.ts';
import { listToolEndpoints } from './tool-endpoints/list.ts';
import { retrieveToolEndpoint } from './tool-endpoints/retrieve.ts';
import { rotateToolSecret } from './tool-endpoints/rotate-secret.ts';
import { updateToolEndpoint } from './tool-endpoints/update.ts';
import { cancelFileBatch } from './vector-stores/file-batches/cancel.ts';
import { createFileBatch } from './vector-stores/file-batches/create.ts';
import { listFileBatchFiles } from './vector-stores/file-batches/list-files.ts';
import { retrieveFileBatch } from './vector-stores/file-batches/retrieve.ts';
import { createVectorStore } from './vector-stores/create.ts';
import { deleteVectorStore } from './vector-stores/delete.ts';
import { retrieveVectorStoreFileContent } from './vector-stores/files/content.ts';
import { createVectorStoreFile } from './vector-stores/files/create.ts';
import { deleteVectorStoreFile } from './vector-stores/files/delete.ts';
import { listVectorStoreFiles } from './vector-stores/files/list.ts';
import { retrieveVectorStoreFile } from './vector-stores/files/retrieve.ts';
import { updateVectorStoreFile } from './vector-stores/files/update.ts';
import { listVectorStores } from './vector-stores/list.ts';
import { retrieveVectorStore } from './vector-stores/retrieve.ts';
import { searchVectorStore } from './vector-stores/search.ts';
import { updateVectorStore } from './vector-stores/update.ts';
import { cancelUpload } from './uploads/cancel.ts';
import { completeUpload } from './uploads/complete.ts';
import { createUpload } from './uploads/create.ts';
import { createUploadPart } from './uploads/parts/create.ts';
import { createWebhookEndpoint } from './webhooks/create.ts';
import { deleteWebhookEndpoint } from './webhooks/delete.ts';
import { listDeliveries } from './webhooks/deliveries/list.ts';
import { replayDelivery } from './webhooks/deliveries/replay.ts';
import { listWebhookEventTypes } from './webhooks/event-types.ts';
import { listWebhookEndpoints } from './webhooks/list.ts';
import { retrieveWebhookEndpoint } from './webhooks/retrieve.ts';
import { rotateWebhookSecret } from './webhooks/rotate-secret.ts';
import { testWebhookEndpoint } from './webhooks/test.ts';
import { updateWebhookEndpoint } from './webhooks/update.ts';

export type Method = 'GET' | 'POST' | 'DELETE';

/** With the feature that each belongs to, beside the Assistants API itself. */
export const routes: readonly (readonly [Method, string, Endpoint, Feature?])[] = [
  ['GET', '/assistants', listAssistants],
  ['POST', '/assistants', createAssistant],
  ['GET', '/assistants/:assistant_id', retrieveAssistant],
  ['POST', '/assistants/:assistant_id', updateAssistant],
  ['DELETE', '/assistants/:assistant_id', deleteAssistant],

  ['GET', '/threads', listThreads],
  ['POST', '/threads', createThread],
  ['POST', '/threads/runs', createAndRun],
  ['GET', '/threads/:thread_id', retrieveThread],
  ['POST', '/threads/:thread_id', updateThread],
  ['DELETE', '/threads/:thread_id', deleteThread],
  ['POST', '/threads/:thread_id/touch', touchThread],
  ['POST', '/threads/:thread_id/exports', createThreadExport, 'histories'],

  ['GET', '/threads/:thread_id/messages', listMessages],
  ['POST', '/threads/:thread_id/messages', createMessage],
  ['GET', '/threads/:thread_id/messages/:message_id', retrieveMessage],
  ['POST', '/threads/:thread_id/messages/:message_id', updateMessage],
  ['DELETE', '/threads/:thread_id/messages/:message_id', deleteMessage],

  ['GET', '/threads/:thread_id/runs', listRuns],
  ['POST', '/threads/:thread_id/runs', createRun],
  ['GET', '/threads/:thread_id/runs/:run_id', retrieveRun],
  ['GET', '/threads/:thread_id/runs/:run_id/stream', followRun],
  ['POST', '/threads/:thread_id/runs/:run_id', updateRun],
  ['POST', '/threads/:thread_id/runs/:run_id/cancel', cancelRun],
  ['POST', '/threads/:thread_id/runs/:run_id/submit_tool_outputs', submitToolOutputs],
  ['GET', '/threads/:thread_id/runs/:run_id/steps', listSteps],
  ['GET', '/threads/:thread_id/runs/:run_id/steps/:step_id', retrieveStep],

  ['GET', '/vector_stores', listVectorStores],
  ['POST', '/vector_stores', createVectorStore],
  ['GET', '/vector_stores/:vector_store_id', retrieveVectorStore],
  ['POST', '/vector_stores/:vector_store_id', updateVectorStore],
  ['DELETE', '/vector_stores/:vector_store_id', deleteVectorStore],
  ['POST', '/vector_stores/:vector_store_id/search', searchVectorStore],
  ['GET', '/vector_stores/:vector_store_id/files', listVectorStoreFiles],
  ['POST', '/vector_stores/:vector_store_id/files', createVectorStoreFile],
  ['GET', '/vector_stores/:vector_store_id/files/:file_id', retrieveVectorStoreFile],
  ['POST', '/vector_stores/:vector_store_id/files/:file_id', updateVectorStoreFile],
  ['DELETE', '/vector_stores/:vector_store_id/files/:file_id', deleteVectorStoreFile],
  ['GET', '/vector_stores/:vector_store_id/files/:file_id/content', retrieveVectorStoreFileContent],
  ['POST', '/vector_stores/:vector_store_id/file_batches', createFileBatch],
  ['GET', '/vector_stores/:vector_store_id/file_batches/:batch_id', retrieveFileBatch],
  ['POST', '/vector_stores/:vector_store_id/file_batches/:batch_id/cancel', cancelFileBatch],
  ['GET', '/vector_stores/:vector_store_id/file_batches/:batch_id/files', listFileBatchFiles],

  ['GET', '/files', listFiles],
  ['POST', '/files', createFile],
  ['GET', '/files/:file_id', retrieveFile],
  ['DELETE', '/files/:file_id', deleteFile],
  ['GET', '/files/:file_id/content', downloadFile],

  ['POST', '/uploads', createUpload],
  ['POST', '/uploads/:upload_id/parts', createUploadPart],
  ['POST', '/uploads/:upload_id/complete', completeUpload],
  ['POST', '/uploads/:upload_id/cancel', cancelUpload],

  ['GET', '/project', retrieveProject],
  ['POST', '/project', updateProject],

  ['GET', '/exports', listExports, 'histories'],
  ['POST', '/exports', createExport, 'histories'],
  ['GET', '/exports/:export_id', retrieveExport, 'histories'],
  ['DELETE', '/exports/:export_id', deleteExport, 'histories'],
  ['GET', '/exports/:export_id/content', downloadExport, 'histories'],

  ['GET', '/webhook_event_types', listWebhookEventTypes, 'webhooks'],
  ['GET', '/webhook_endpoints', listWebhookEndpoints, 'webhooks'],
  ['POST', '/webhook_endpoints', createWebhookEndpoint, 'webhooks'],
  ['GET', '/webhook_endpoints/:webhook_endpoint_id', retrieveWebhookEndpoint, 'webhooks'],
  ['POST', '/webhook_endpoints/:webhook_endpoint_id', updateWebhookEndpoint, 'webhooks'],
  ['DELETE', '/webhook_endpoints/:webhook_endpoint_id', deleteWebhookEndpoint, 'webhooks'],
  ['POST', '/webhook_endpoints/:webhook_endpoint_id/rotate_secret', rotateWebhookSecret, 'webhooks'],
  ['POST', '/webhook_endpoints/:webhook_endpoint_id/test', testWebhookEndpoint, 'webhooks'],
  ['GET', '/webhook_endpoints/:webhook_endpoint_id/deliveries', listDeliveries, 'webhooks'],
  ['POST', '/webhook_endpoints/:webhook_endpoint_id/deliveries/:delivery_id/replay', replayDelivery, 'webhooks'],

  ['GET', '/tool_endpoints', listToolEndpoints, 'tool_endpoints'],
  ['POST', '/tool_endpoints', createToolEndpoint, 'tool_endpoints'],
  ['GET', '/tool_endpoints/:function_name', retrieveToolEndpoint, 'tool_endpoints'],
  ['POST', '/tool_endpoints/:function_name', updateToolEndpoint, 'tool_endpoints'],
  ['DELETE', '/tool_endpoints/:function_name', deleteToolEndpoint, 'tool_endpoints'],
  ['POST', '/tool_endpoints/:function_name/rotate_secret', rotateToolSecret, 'tool_endpoints'],

  ['POST', '/imports', createImport, 'histories'],

  ['GET', '/models', listModels],
  ['GET', '/models/:model{.+}', retrieveModel],
];
