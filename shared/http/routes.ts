/** Every URL of the API. Static paths before those with a parameter in the same place. */
import { createAssistant } from './assistants/create.ts';
import { deleteAssistant } from './assistants/delete.ts';
import { listAssistants } from './assistants/list.ts';
import { retrieveAssistant } from './assistants/retrieve.ts';
import { updateAssistant } from './assistants/update.ts';
import type { Endpoint } from './endpoint.ts';
import { listModels } from './models/list.ts';
import { retrieveModel } from './models/retrieve.ts';
import { retrieveProject } from './project/retrieve.ts';
import { updateProject } from './project/update.ts';
import { createAndRun } from './threads/create-and-run.ts';
import { createThread } from './threads/create.ts';
import { deleteThread } from './threads/delete.ts';
import { listThreads } from './threads/list.ts';
import { createMessage } from './threads/messages/create.ts';
import { deleteMessage } from './threads/messages/delete.ts';
import { listMessages } from './threads/messages/list.ts';
import { retrieveMessage } from './threads/messages/retrieve.ts';
import { updateMessage } from './threads/messages/update.ts';
import { retrieveThread } from './threads/retrieve.ts';
import { cancelRun } from './threads/runs/cancel.ts';
import { createRun } from './threads/runs/create.ts';
import { listRuns } from './threads/runs/list.ts';
import { retrieveRun } from './threads/runs/retrieve.ts';
import { listSteps } from './threads/runs/steps/list.ts';
import { retrieveStep } from './threads/runs/steps/retrieve.ts';
import { submitToolOutputs } from './threads/runs/submit-tool-outputs.ts';
import { updateRun } from './threads/runs/update.ts';
import { touchThread } from './threads/touch.ts';
import { updateThread } from './threads/update.ts';

export type Method = 'GET' | 'POST' | 'DELETE';

export const routes: readonly (readonly [Method, string, Endpoint])[] = [
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

  ['GET', '/threads/:thread_id/messages', listMessages],
  ['POST', '/threads/:thread_id/messages', createMessage],
  ['GET', '/threads/:thread_id/messages/:message_id', retrieveMessage],
  ['POST', '/threads/:thread_id/messages/:message_id', updateMessage],
  ['DELETE', '/threads/:thread_id/messages/:message_id', deleteMessage],

  ['GET', '/threads/:thread_id/runs', listRuns],
  ['POST', '/threads/:thread_id/runs', createRun],
  ['GET', '/threads/:thread_id/runs/:run_id', retrieveRun],
  ['POST', '/threads/:thread_id/runs/:run_id', updateRun],
  ['POST', '/threads/:thread_id/runs/:run_id/cancel', cancelRun],
  ['POST', '/threads/:thread_id/runs/:run_id/submit_tool_outputs', submitToolOutputs],
  ['GET', '/threads/:thread_id/runs/:run_id/steps', listSteps],
  ['GET', '/threads/:thread_id/runs/:run_id/steps/:step_id', retrieveStep],

  ['GET', '/project', retrieveProject],
  ['POST', '/project', updateProject],

  ['GET', '/models', listModels],
  ['GET', '/models/:model{.+}', retrieveModel],
];
