import { describe, expect, it } from '@jest/globals';
import type { Message } from '../../shared/domain/message.ts';
import type { CodeCall, RunStep } from '../../shared/domain/run-step.ts';
import type { Run } from '../../shared/domain/run.ts';
import { toWireAssistant } from '../../shared/wire/assistant.ts';
import { toWireList } from '../../shared/wire/list.ts';
import { toWireMessage } from '../../shared/wire/message.ts';
import { toWireStep } from '../../shared/wire/run-step.ts';
import { toWireRun } from '../../shared/wire/run.ts';
import { toWireThread } from '../../shared/wire/thread.ts';
import { toWireTool } from '../../shared/wire/tools.ts';
import { NOW_MS, NOW_S, RUN, THREAD, USAGE, assistantOf, callOf, messageOf, openMessage, openStep, queuedRun, runs, text, threadOf } from './sample-records.ts';

const EXPIRES_S = NOW_S + 600;
const WIRE_USAGE = {
  prompt_tokens: 30,
  completion_tokens: 12,
  total_tokens: 42,
  prompt_token_details: { cached_tokens: 8 },
  completion_tokens_details: { reasoning_tokens: 5 },
};

/** The names of the fields that are not null, of those that a status decides on. */
function filled(object: object, names: readonly string[]): Record<string, unknown> {
  const entries = Object.entries(object).filter(([name, value]) => names.includes(name) && value !== null);
  return Object.fromEntries(entries);
}

describe('a run', () => {
  const byStatus = ['started_at', 'expires_at', 'cancelled_at', 'failed_at', 'completed_at', 'required_action', 'last_error', 'incomplete_details', 'usage'];
  const started_at = NOW_S + 1;
  const expected: Record<Run['status'], object> = {
    queued: { expires_at: EXPIRES_S },
    in_progress: { started_at, expires_at: EXPIRES_S },
    requires_action: { started_at, expires_at: EXPIRES_S },
    cancelling: { started_at, expires_at: EXPIRES_S },
    cancelled: { started_at, cancelled_at: NOW_S + 5, usage: WIRE_USAGE },
    failed: { started_at, failed_at: NOW_S + 5, last_error: { code: 'server_error', message: 'no' }, usage: WIRE_USAGE },
    completed: { started_at, completed_at: NOW_S + 5, usage: WIRE_USAGE },
    incomplete: { started_at, completed_at: NOW_S + 5, incomplete_details: { reason: 'max_completion_tokens' }, usage: WIRE_USAGE },
    expired: { started_at, expires_at: EXPIRES_S, usage: WIRE_USAGE },
  };

  it.each(Object.values(runs))('$status has exactly its own fields', (run) => {
    const wire = toWireRun(run);
    expect(wire.status).toBe(run.status);
    expect(filled(wire, byStatus)).toEqual(expected[run.status]);
    for (const name of byStatus) expect(wire).toHaveProperty(name);
  });

  it('names in required_action the calls that are still open, and only while it requires action', () => {
    const step = openStep({ type: 'tool_calls', toolCalls: [callOf('known', { arguments: '{"a":1}' }), callOf('unknown', { output: 'Error' })] });
    expect(toWireRun(runs.requires_action, step).required_action).toEqual({
      type: 'submit_tool_outputs',
      submit_tool_outputs: { tool_calls: [{ id: 'call_known', type: 'function', function: { name: 'known', arguments: '{"a":1}' } }] },
    });
    expect(toWireRun(runs.completed, step).required_action).toBeNull();
  });

  it('has the order of fields and the defaults of the hosted service', () => {
    const wire = toWireRun(queuedRun());
    expect(JSON.stringify(wire)).toBe(
      JSON.stringify({
        ...{ id: RUN, object: 'thread.run', created_at: NOW_S, assistant_id: 'asst_test', thread_id: THREAD, status: 'queued', started_at: null, expires_at: EXPIRES_S },
        ...{ cancelled_at: null, failed_at: null, completed_at: null, required_action: null, last_error: null, model: 'gpt-test', instructions: null, tools: [] },
        ...{ tool_resources: {}, metadata: {}, temperature: 1, top_p: 1, reasoning_effort: null, max_completion_tokens: null, max_prompt_tokens: null },
        ...{ truncation_strategy: { type: 'auto', last_messages: null }, incomplete_details: null, usage: null, response_format: 'auto', tool_choice: 'auto', parallel_tool_calls: true },
      }),
    );
  });

  it('echoes its settings', () => {
    const wire = toWireRun(
      queuedRun({
        instructions: 'Be brief.',
        temperature: 0,
        topP: 0.5,
        reasoningEffort: 'low',
        maxPromptTokens: 1000,
        maxCompletionTokens: 500,
        truncationStrategy: { type: 'last_messages', last_messages: 3 },
        toolChoice: { type: 'function', function: { name: 'f' } },
        parallelToolCalls: false,
        responseFormat: { type: 'json_object' },
        metadata: { a: 'b' },
      }),
    );
    expect(wire).toMatchObject({
      ...{ instructions: 'Be brief.', temperature: 0, top_p: 0.5, reasoning_effort: 'low', max_prompt_tokens: 1000, max_completion_tokens: 500 },
      ...{ truncation_strategy: { type: 'last_messages', last_messages: 3 }, tool_choice: { type: 'function', function: { name: 'f' } }, parallel_tool_calls: false },
      ...{ response_format: { type: 'json_object' }, metadata: { a: 'b' } },
    });
  });
});

describe('a step', () => {
  const byStatus = ['cancelled_at', 'completed_at', 'expired_at', 'expires_at', 'failed_at', 'last_error', 'usage'];
  const { status: _, ...fields } = openStep({ type: 'message_creation', messageId: 'msg_1' });
  const ended = { ...fields, usage: USAGE };
  const atMs = NOW_MS + 7000;
  const lastError = { code: 'server_error', message: 'no' } as const;
  const cases: [RunStep, object][] = [
    [{ ...fields, status: 'in_progress' }, { expires_at: EXPIRES_S }],
    // It carries its usage already, but shows it only in the end.
    [{ ...ended, status: 'in_progress' }, { expires_at: EXPIRES_S }],
    [{ ...ended, status: 'completed', completedAtMs: atMs }, { completed_at: NOW_S + 7, usage: WIRE_USAGE }],
    [{ ...ended, status: 'failed', failedAtMs: atMs, lastError }, { failed_at: NOW_S + 7, last_error: lastError, usage: WIRE_USAGE }],
    [{ ...ended, status: 'cancelled', cancelledAtMs: atMs }, { cancelled_at: NOW_S + 7, usage: WIRE_USAGE }],
    [{ ...ended, status: 'expired', expiredAtMs: atMs }, { expired_at: NOW_S + 7, usage: WIRE_USAGE }],
  ];

  it.each(cases)('$status has exactly its own fields', (step, expected) => {
    const wire = toWireStep(step);
    expect(wire.status).toBe(step.status);
    expect(filled(wire, byStatus)).toEqual(expected);
    for (const name of byStatus) expect(wire).toHaveProperty(name);
  });

  it('has details of its type', () => {
    expect(toWireStep(openStep({ type: 'message_creation', messageId: 'msg_1' }))).toMatchObject({
      object: 'thread.run.step',
      type: 'message_creation',
      step_details: { type: 'message_creation', message_creation: { message_id: 'msg_1' } },
    });
    expect(toWireStep(openStep({ type: 'tool_calls', toolCalls: [callOf('a'), callOf('b', { arguments: '{"x":1}', output: '' })] }))).toMatchObject({
      type: 'tool_calls',
      step_details: {
        type: 'tool_calls',
        tool_calls: [
          { id: 'call_a', type: 'function', function: { name: 'a', arguments: '{}', output: null } },
          { id: 'call_b', type: 'function', function: { name: 'b', arguments: '{"x":1}', output: '' } },
        ],
      },
    });
  });

  it.each<[string, Partial<CodeCall>, object[]]>([
    ['that was cut off', {}, []],
    ['that came to nothing', { outputs: [] }, []],
    ['that printed and drew', { outputs: [{ type: 'logs', logs: '2\n' }, { type: 'image', fileId: 'file-1' }], files: [{ path: 'x.csv', fileId: 'file-2', bytes: 3 }], note: 'n' }, [{ type: 'logs', logs: '2\n' }, { type: 'image', image: { file_id: 'file-1' } }]],
  ])('has code %s as the contract has it, and nothing beside', (_what, fields, outputs) => {
    const call: CodeCall = { id: 'call_c', type: 'code_interpreter', input: '1+1', ...fields };
    const { step_details: details } = toWireStep(openStep({ type: 'tool_calls', toolCalls: [call] }));
    expect(JSON.stringify(details)).toBe(JSON.stringify({ type: 'tool_calls', tool_calls: [{ id: 'call_c', type: 'code_interpreter', code_interpreter: { input: '1+1', outputs } }] }));
  });
});

describe('a message', () => {
  const byStatus = ['incomplete_details', 'incomplete_at', 'completed_at'];
  const open = openMessage('Hi');
  const cases: [Message, object][] = [
    [open, {}],
    [{ ...open, status: 'completed', completedAtMs: NOW_MS + 3000 }, { completed_at: NOW_S + 3 }],
    [{ ...open, status: 'incomplete', incompleteAtMs: NOW_MS + 3000, incompleteReason: 'run_cancelled' }, { incomplete_at: NOW_S + 3, incomplete_details: { reason: 'run_cancelled' } }],
  ];

  it.each(cases)('$status has exactly its own fields', (message, expected) => {
    const wire = toWireMessage(message);
    expect(wire.status).toBe(message.status);
    expect(filled(wire, byStatus)).toEqual(expected);
    for (const name of byStatus) expect(wire).toHaveProperty(name);
  });

  it('of a client has no assistant and no run', () => {
    expect(toWireMessage(messageOf('Hi'))).toMatchObject({ object: 'thread.message', role: 'user', assistant_id: null, run_id: null, attachments: [], content: [text('Hi')] });
  });

  it('of an assistant names both', () => {
    expect(toWireMessage(messageOf('Hi', { role: 'assistant', assistantId: 'asst_test', runId: RUN }))).toMatchObject({ role: 'assistant', assistant_id: 'asst_test', run_id: RUN });
  });
});

describe('a thread', () => {
  it('says when it was last used and when it will go', () => {
    expect(toWireThread(threadOf({ retention: { days: 60 }, removeAfterMs: NOW_MS + 60_000, lastActiveAtMs: NOW_MS + 1000 }))).toEqual({
      ...{ id: THREAD, object: 'thread', created_at: NOW_S, metadata: {}, tool_resources: {} },
      ...{ last_active_at: NOW_S + 1, expires_at: NOW_S + 60, retention: { days: 60 }, export_on_expiry: null },
    });
    expect(toWireThread(threadOf())).toMatchObject({ expires_at: null, retention: 'never' });
  });
});

describe('an assistant', () => {
  it('shows null and defaults for what was left out, in the order of the hosted service', () => {
    expect(JSON.stringify(toWireAssistant(assistantOf()))).toBe(
      `{"id":"asst_test","object":"assistant","created_at":${NOW_S},"name":null,"description":null,"model":"gpt-test","instructions":null,"tools":[],"top_p":1,"temperature":1,"reasoning_effort":null,"tool_resources":{},"metadata":{},"response_format":"auto"}`,
    );
  });
});

describe('a tool', () => {
  it('is echoed with the defaults that the client left out', () => {
    expect(toWireTool({ type: 'code_interpreter' })).toEqual({ type: 'code_interpreter' });
    expect(toWireTool({ type: 'file_search' })).toEqual({ type: 'file_search', file_search: { ranking_options: { ranker: 'default_2024_08_21', score_threshold: 0 } } });
    expect(toWireTool({ type: 'file_search', file_search: { max_num_results: 3, ranking_options: { ranker: 'auto', score_threshold: 0.5 } } })).toEqual({
      type: 'file_search',
      file_search: { max_num_results: 3, ranking_options: { ranker: 'auto', score_threshold: 0.5 } },
    });
    expect(toWireTool({ type: 'function', function: { name: 'f', strict: null } })).toEqual({ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} }, strict: false } });
    const whole = { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true };
    expect(toWireTool({ type: 'function', function: whole })).toEqual({ type: 'function', function: whole });
  });
});

describe('a list', () => {
  it('names its first and last, or null when it is empty', () => {
    const page = { items: [{ id: 'a' }, { id: 'b' }, { id: 'c' }], hasMore: true };
    expect(toWireList(page, ({ id }) => ({ id: `wire_${id}` }))).toEqual({ object: 'list', data: [{ id: 'wire_a' }, { id: 'wire_b' }, { id: 'wire_c' }], first_id: 'wire_a', last_id: 'wire_c', has_more: true });
    expect(toWireList({ items: [], hasMore: false }, (none: { id: string }) => none)).toEqual({ object: 'list', data: [], first_id: null, last_id: null, has_more: false });
  });
});
