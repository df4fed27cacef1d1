/** The only place where a cause becomes a status code and a sentence (contract §9). */
import {
  InvalidRequestError,
  NotFoundError,
  type Named,
  RunStatusError,
  StoreExpiredError,
  ThreadBusyError,
  ThreadCrowdedError,
  ToolOutputsMismatchError,
  UploadStatusError,
} from '../domain/errors.ts';
import { MOST_WAITING } from '../domain/thread.ts';
import { ConflictError } from '../ports/commit.ts';
import { ModelError } from '../ports/model.ts';
import { BodyTooLargeError, ClientGoneError, ContentTooLargeError, ForbiddenHostError, IdempotencyError, KeyMovedError, NoSuchUrlError, StreamLostError, UnauthorizedError, WrongMethodError } from './http-errors.ts';

export interface ErrorBody {
  error: { message: string; type: string; param: string | null; code: string | null };
}

export interface WireError {
  status: number;
  body: ErrorBody;
  headers?: Record<string, string>;
}

const invalid = (status: number, message: string, param: string | null = null, code: string | null = null): WireError => ({
  status,
  body: { error: { message, type: 'invalid_request_error', param, code } },
});

const NAMES: Record<Exclude<Named, 'file' | 'model'>, string> = {
  assistant: 'assistant',
  thread: 'thread',
  run: 'run',
  message: 'message',
  step: 'run step',
  vector_store: 'vector store',
  vector_store_file: 'vector store file',
  file_batch: 'vector store file batch',
  upload: 'upload',
  upload_part: 'upload part',
  webhook_endpoint: 'webhook endpoint',
  delivery: 'webhook delivery',
  export: 'export',
  tool_endpoint: 'tool endpoint',
};

export function toWireError(error: Error): WireError {
  if (error instanceof ModelError) return MODEL_UNAVAILABLE;
  if (error instanceof ConflictError) return TOO_MANY_RIVALS;
  if (error instanceof InvalidRequestError) return invalid(400, error.message, error.param ?? null, error.code ?? null);
  if (error instanceof NotFoundError) return notFound(error);
  if (error instanceof StoreExpiredError) return invalid(400, `Vector store '${error.storeId}' has expired`);
  if (error instanceof ThreadCrowdedError) return invalid(400, `${busyText(error)} ${MOST_WAITING} more wait for it, and no more than that may.`);
  if (error instanceof ThreadBusyError) return invalid(400, busyText(error));
  if (error instanceof RunStatusError) {
    return invalid(
      400,
      error.attempted === 'cancel'
        ? `Cannot cancel run with status '${error.status}'.`
        : `Runs in status "${error.status}" do not accept tool outputs.`,
    );
  }
  if (error instanceof UploadStatusError) return invalid(400, `Cannot ${error.attempted} upload with status '${error.status}'.`);
  if (error instanceof ToolOutputsMismatchError) {
    return invalid(400, `Expected tool outputs for call_ids ${quotedList(error.expected)}, got ${quotedList(error.received)}`);
  }
  if (error instanceof UnauthorizedError) return unauthorized(error);
  if (error instanceof KeyMovedError) return KEY_MOVED;
  if (error instanceof BodyTooLargeError) return invalid(413, `The request body is larger than ${error.limitBytes} bytes.`);
  if (error instanceof ContentTooLargeError) return invalid(413, `The ${error.what} is larger than ${error.limitBytes} bytes. ${error.hint}`, error.param);
  if (error instanceof NoSuchUrlError) return invalid(404, `Invalid URL (${error.method} ${error.path})`);
  if (error instanceof WrongMethodError) {
    return invalid(405, `Not allowed to ${error.method} on ${error.path}. (HINT: Perhaps you meant to use a different HTTP method?)`, null, 'method_not_supported');
  }
  if (error instanceof ForbiddenHostError) return invalid(403, `This server does not answer to the name '${brief(error.host)}'. Add it to ALLOWED_HOSTS if it should.`);
  if (error instanceof StreamLostError) return streamLost(error);
  if (error instanceof ClientGoneError) return invalid(400, 'The request body ended before its time.');
  if (error instanceof IdempotencyError) return invalid(400, error.message, null, 'idempotency_key_reused');
  return SERVER_ERROR;
}

/** So many writers on one record that this one never got its turn. The clients try again by themselves. */
const TOO_MANY_RIVALS: WireError = {
  status: 503,
  body: { error: { message: 'Too many requests are changing the same object at once. Please retry.', type: 'service_unavailable', param: null, code: null } },
  headers: { 'retry-after': '1' },
};

const KEY_MOVED: WireError = {
  status: 503,
  body: { error: { message: 'The API key was changed while it was in use. Please retry.', type: 'service_unavailable', param: null, code: null } },
  headers: { 'retry-after': '1' },
};

const MODEL_UNAVAILABLE: WireError = {
  status: 503,
  body: { error: { message: 'The model endpoint behind this server did not answer.', type: 'service_unavailable', param: null, code: null } },
};

/** For whatever is our own fault. Says nothing about the inside; the request id leads to the log. */
export const SERVER_ERROR: WireError = {
  status: 500,
  body: {
    error: {
      message: 'The server had an error processing your request. Sorry about that! Please retry, and look for the x-request-id of this response in the server’s log.',
      type: 'server_error',
      param: null,
      code: null,
    },
  },
};

function notFound({ what, id }: NotFoundError): WireError {
  if (what === 'file') return invalid(404, `No such File object: ${id}`, 'id');
  if (what === 'model') return invalid(404, `The model '${id}' does not exist`, 'model', 'model_not_found');
  return invalid(404, `No ${NAMES[what]} found with id '${id}'.`);
}

const streamLost = ({ runId, goesOn }: StreamLostError): WireError =>
  goesOn ? invalid(409, `Run ${runId} is being carried on by another process. Retrieve the run to see how it ends.`) : invalid(404, `No run found with id '${runId}'.`);

const busyText = ({ threadId, runId, attempted }: ThreadBusyError): string =>
  attempted === 'run'
    ? `Thread ${threadId} already has an active run ${runId}.`
    : `Can't add messages to ${threadId} while a run ${runId} is active.`;

/** True of a laptop and of AWS; the operator's ways to make keys are in the README and in docs/aws.md. */
const WHERE_KEYS_COME_FROM = 'You can get an API key from whoever operates this server.';

function unauthorized({ key }: UnauthorizedError): WireError {
  const wire =
    key === undefined
      ? invalid(
          401,
          `You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). ${WHERE_KEYS_COME_FROM}`,
        )
      : invalid(401, `Incorrect API key provided: ${masked(key)}. ${WHERE_KEYS_COME_FROM}`, null, 'invalid_api_key');
  return { ...wire, headers: { 'www-authenticate': 'Bearer realm="OpenAI API"' } };
}

/** Long enough to be recognised. */
const brief = (text: string): string => (text.length <= 100 ? text : `${text.slice(0, 100)}…`);

const masked = (key: string): string => (key.length <= 12 ? '*'.repeat(key.length) : `${key.slice(0, 8)}${'*'.repeat(4)}${key.slice(-4)}`);

const quotedList = (ids: readonly string[]): string => `[${ids.map((id) => `'${id}'`).join(', ')}]`;
