import { describe, expect, it } from '@jest/globals';
import { InvalidRequestError, NotFoundError, type RequestError, RunStatusError, ThreadBusyError, ToolOutputsMismatchError } from '../../shared/domain/errors.ts';
import { SERVER_ERROR, toWireError } from '../../shared/wire/errors.ts';
import { BodyTooLargeError, IdempotencyError, NoSuchUrlError, UnauthorizedError, WrongMethodError } from '../../shared/wire/http-errors.ts';

// The sentences of contract §9 that do not come out of a schema: cause, status, message, param, code.

type Case = [RequestError, number, string | RegExp, (string | null)?, (string | null)?];

const cases: Case[] = [
  [new ThreadBusyError('thread_X', 'run_Y', 'run'), 400, 'Thread thread_X already has an active run run_Y.'],
  [new ThreadBusyError('thread_X', 'run_Y', 'message'), 400, `Can't add messages to thread_X while a run run_Y is active.`],
  [new ToolOutputsMismatchError(['call_A', 'call_B'], ['call_A']), 400, `Expected tool outputs for call_ids ['call_A', 'call_B'], got ['call_A']`],
  [new ToolOutputsMismatchError(['call_A'], []), 400, `Expected tool outputs for call_ids ['call_A'], got []`],
  [new RunStatusError('expired', 'submit_tool_outputs'), 400, 'Runs in status "expired" do not accept tool outputs.'],
  [new RunStatusError('completed', 'cancel'), 400, `Cannot cancel run with status 'completed'.`],
  [new NotFoundError('assistant', 'asst_1'), 404, `No assistant found with id 'asst_1'.`],
  [new NotFoundError('thread', 'thread_1'), 404, `No thread found with id 'thread_1'.`],
  [new NotFoundError('run', 'run_1'), 404, `No run found with id 'run_1'.`],
  [new NotFoundError('message', 'msg_1'), 404, `No message found with id 'msg_1'.`],
  [new NotFoundError('step', 'step_1'), 404, `No run step found with id 'step_1'.`],
  [new NotFoundError('vector_store', 'vs_1'), 404, `No vector store found with id 'vs_1'.`],
  [new NotFoundError('file', 'fake_id'), 404, 'No such File object: fake_id', 'id'],
  [new NotFoundError('model', 'fake_id'), 404, `The model 'fake_id' does not exist`, 'model', 'model_not_found'],
  [new InvalidRequestError('Bad.', 'tools[0]', 'invalid_value'), 400, 'Bad.', 'tools[0]', 'invalid_value'],
  [new InvalidRequestError('Bad.'), 400, 'Bad.'],
  [new UnauthorizedError(undefined), 401, /^You didn't provide an API key\. You need to provide your API key in an Authorization header using Bearer auth \(i\.e\. Authorization: Bearer YOUR_KEY\)\. You can get an API key from whoever operates this server\.$/],
  [new UnauthorizedError('not-a-real-key-at-all'), 401, /^Incorrect API key provided: not-a-re\*{4}-all\. You can get an API key from whoever operates this server\.$/, null, 'invalid_api_key'],
  [new UnauthorizedError('short'), 401, /^Incorrect API key provided: \*{5}\./, null, 'invalid_api_key'],
  [new BodyTooLargeError(1024), 413, 'The request body is larger than 1024 bytes.'],
  [new NoSuchUrlError('POST', '/v1/x'), 404, 'Invalid URL (POST /v1/x)'],
  [new WrongMethodError('POST', '/v1/models'), 405, 'Not allowed to POST on /v1/models. (HINT: Perhaps you meant to use a different HTTP method?)', null, 'method_not_supported'],
  [new IdempotencyError('Used before.'), 400, 'Used before.', null, 'idempotency_key_reused'],
];

describe('each cause has its status and its sentence', () => {
  it.each(cases)('%s', (error, status, message, param = null, code = null) => {
    const wire = toWireError(error);
    expect(wire.status).toBe(status);
    expect(wire.body).toEqual({ error: { message: typeof message === 'string' ? message : expect.stringMatching(message), type: 'invalid_request_error', param, code } });
    expect(Object.keys(wire.body.error)).toEqual(['message', 'type', 'param', 'code']);
  });
});

it('a missing or wrong key brings the header that asks for one, and never the key itself', () => {
  const secret = 'sk-proj-abcdefghijklmnopqrstuvwxyz';
  for (const key of [undefined, secret]) {
    const wire = toWireError(new UnauthorizedError(key));
    expect(wire.headers).toEqual({ 'www-authenticate': 'Bearer realm="OpenAI API"' });
    expect(wire.body.error.message).not.toContain('ijklmnop');
  }
});

it('what is our own fault says nothing of the inside', () => {
  expect(SERVER_ERROR).toMatchObject({ status: 500, body: { error: { type: 'server_error', param: null, code: null } } });
});
