import { describe, expect, it } from '@jest/globals';
import type { RunEvent, ToolCallDelta } from '../../shared/domain/run-event.ts';
import { toWireMessage } from '../../shared/wire/message.ts';
import { toWireStep } from '../../shared/wire/run-step.ts';
import { toWireRun } from '../../shared/wire/run.ts';
import { DONE_FRAME, PING_FRAME, errorFrame, toFrame } from '../../shared/wire/sse.ts';
import { toWireThread } from '../../shared/wire/thread.ts';
import { callOf, messageOf, openMessage, openStep, runs, text, threadOf } from './sample-records.ts';

const USAGE = { promptTokens: 1, completionTokens: 1, cachedTokens: 0, reasoningTokens: 0 };

type CodeDelta = Extract<ToolCallDelta, { type: 'code_interpreter' }>['code_interpreter'];
const codeDelta = (piece: CodeDelta, id?: string): RunEvent => ({ type: 'thread.run.step.delta', stepId: 'step_1', toolCalls: [{ index: 0, ...(id !== undefined && { id }), type: 'code_interpreter', code_interpreter: piece }] });

describe('a delta is told byte for byte as the contract has it', () => {
  it.each<[RunEvent, string]>([
    [
      { type: 'thread.message.delta', messageId: 'msg_1', content: [{ index: 0, type: 'text', text: { value: 'Hello', annotations: [] } }] },
      'event: thread.message.delta\ndata: {"id":"msg_1","object":"thread.message.delta","delta":{"content":[{"index":0,"type":"text","text":{"value":"Hello","annotations":[]}}]}}\n\n',
    ],
    [
      { type: 'thread.message.delta', messageId: 'msg_1', content: [{ index: 1, type: 'text', text: { value: ' "wörld"\n' } }] },
      'event: thread.message.delta\ndata: {"id":"msg_1","object":"thread.message.delta","delta":{"content":[{"index":1,"type":"text","text":{"value":" \\"wörld\\"\\n"}}]}}\n\n',
    ],
    [
      { type: 'thread.message.delta', messageId: 'msg_1', content: [{ index: 0, type: 'refusal', refusal: 'No.' }] },
      'event: thread.message.delta\ndata: {"id":"msg_1","object":"thread.message.delta","delta":{"content":[{"index":0,"type":"refusal","refusal":"No."}]}}\n\n',
    ],
    [
      { type: 'thread.run.step.delta', stepId: 'step_1', toolCalls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '', output: null } }] },
      'event: thread.run.step.delta\ndata: {"id":"step_1","object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"","output":null}}]}}}\n\n',
    ],
    [
      { type: 'thread.run.step.delta', stepId: 'step_1', toolCalls: [{ index: 0, type: 'function', function: { arguments: '{}' } }] },
      'event: thread.run.step.delta\ndata: {"id":"step_1","object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":0,"type":"function","function":{"arguments":"{}"}}]}}}\n\n',
    ],
    [
      { type: 'thread.message.delta', messageId: 'msg_1', content: [{ index: 0, type: 'image_file', image_file: { file_id: 'file-1', detail: 'auto' } }] },
      'event: thread.message.delta\ndata: {"id":"msg_1","object":"thread.message.delta","delta":{"content":[{"index":0,"type":"image_file","image_file":{"file_id":"file-1","detail":"auto"}}]}}\n\n',
    ],
    [
      codeDelta({ input: '', outputs: [] }, 'call_1'),
      'event: thread.run.step.delta\ndata: {"id":"step_1","object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":0,"id":"call_1","type":"code_interpreter","code_interpreter":{"input":"","outputs":[]}}]}}}\n\n',
    ],
    [
      codeDelta({ input: 'import' }),
      'event: thread.run.step.delta\ndata: {"id":"step_1","object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":0,"type":"code_interpreter","code_interpreter":{"input":"import"}}]}}}\n\n',
    ],
    [
      codeDelta({ outputs: [{ index: 0, type: 'logs', logs: '2\n' }, { index: 1, type: 'image', image: { file_id: 'file-1' } }] }),
      'event: thread.run.step.delta\ndata: {"id":"step_1","object":"thread.run.step.delta","delta":{"step_details":{"type":"tool_calls","tool_calls":[{"index":0,"type":"code_interpreter","code_interpreter":{"outputs":[{"index":0,"type":"logs","logs":"2\\n"},{"index":1,"type":"image","image":{"file_id":"file-1"}}]}}]}}}\n\n',
    ],
  ])('%#', (event, expected) => {
    expect(toFrame(event)).toBe(expected);
  });
});

const waiting = openStep({ type: 'tool_calls', toolCalls: [callOf('f')] });
const { status: _step, ...step } = openStep({ type: 'message_creation', messageId: 'msg_1' });
const open = openMessage([]);

const whole: [RunEvent, object][] = [
  [{ type: 'thread.created', thread: threadOf() }, toWireThread(threadOf())],
  [{ type: 'thread.run.created', run: runs.queued }, toWireRun(runs.queued)],
  [{ type: 'thread.run.queued', run: runs.queued }, toWireRun(runs.queued)],
  [{ type: 'thread.run.in_progress', run: runs.in_progress }, toWireRun(runs.in_progress)],
  [{ type: 'thread.run.requires_action', run: runs.requires_action, step: waiting }, toWireRun(runs.requires_action, waiting)],
  [{ type: 'thread.run.completed', run: runs.completed }, toWireRun(runs.completed)],
  [{ type: 'thread.run.incomplete', run: runs.incomplete }, toWireRun(runs.incomplete)],
  [{ type: 'thread.run.failed', run: runs.failed }, toWireRun(runs.failed)],
  [{ type: 'thread.run.cancelling', run: runs.cancelling }, toWireRun(runs.cancelling)],
  [{ type: 'thread.run.cancelled', run: runs.cancelled }, toWireRun(runs.cancelled)],
  [{ type: 'thread.run.expired', run: runs.expired }, toWireRun(runs.expired)],
  [{ type: 'thread.run.step.created', step: waiting }, toWireStep(waiting)],
  [{ type: 'thread.run.step.in_progress', step: waiting }, toWireStep(waiting)],
  ...(
    [
      { ...step, usage: USAGE, status: 'completed', completedAtMs: 1000 },
      { ...step, usage: USAGE, status: 'failed', failedAtMs: 1000, lastError: { code: 'server_error', message: 'no' } },
      { ...step, usage: USAGE, status: 'cancelled', cancelledAtMs: 1000 },
      { ...step, usage: USAGE, status: 'expired', expiredAtMs: 1000 },
    ] as const
  ).map((ended): [RunEvent, object] => [{ type: `thread.run.step.${ended.status}`, step: ended }, toWireStep(ended)]),
  [{ type: 'thread.message.created', message: open }, toWireMessage(open)],
  [{ type: 'thread.message.in_progress', message: open }, toWireMessage(open)],
  [{ type: 'thread.message.completed', message: messageOf('Hi', { id: 'msg_1' }) }, toWireMessage(messageOf('Hi', { id: 'msg_1' }))],
  [
    { type: 'thread.message.incomplete', message: { ...open, content: [text('H')], status: 'incomplete', incompleteAtMs: 1000, incompleteReason: 'run_failed' } },
    toWireMessage({ ...open, content: [text('H')], status: 'incomplete', incompleteAtMs: 1000, incompleteReason: 'run_failed' }),
  ],
];

describe('every other event carries the bare object', () => {
  it.each(whole)('$type', (event, data) => {
    expect(toFrame(event)).toBe(`event: ${event.type}\ndata: ${JSON.stringify(data)}\n\n`);
  });

  it('an open message has an empty content, and open calls an empty list', () => {
    expect(toFrame({ type: 'thread.message.created', message: open })).toContain('"content":[]');
    expect(toFrame({ type: 'thread.run.step.created', step: openStep({ type: 'tool_calls', toolCalls: [] }) })).toContain('"tool_calls":[]');
  });
});

describe('frames keep their form whatever they carry', () => {
  it.each(['\n\n', '\r\n', 'data: x\n\nevent: done', '\u2028\u2029', '\u0000', '\ud800', '😀', '"\\'])('%j', (value) => {
    const frame = toFrame({ type: 'thread.message.delta', messageId: 'msg_1', content: [{ index: 0, type: 'text', text: { value } }] });
    expect(frame).toMatch(/^event: thread\.message\.delta\ndata: [^\r\n]+\n\n$/);
    expect(JSON.parse(frame.slice(frame.indexOf('data: ') + 'data: '.length))).toMatchObject({ delta: { content: [{ text: { value } }] } });
  });
});

it('ends, pings and fails as the contract has it', () => {
  expect(DONE_FRAME).toBe('event: done\ndata: [DONE]\n\n');
  expect(PING_FRAME).toBe(': ping\n\n');
  expect(errorFrame({ error: { message: 'm', type: 'server_error', param: null, code: null } })).toBe('event: error\ndata: {"error":{"message":"m","type":"server_error","param":null,"code":null}}\n\n');
});
