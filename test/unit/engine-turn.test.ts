import { describe, expect, it } from '@jest/globals';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { ContentPart } from '../../shared/domain/message.ts';
import type { MessageDelta, RunEvent } from '../../shared/domain/run-event.ts';
import { Turn } from '../../shared/engine/turn.ts';
import type { ModelChunk } from '../../shared/ports/model.ts';
import { NOW_MS, USAGE, runningRun } from './sample-records.ts';

// A model's words: how they are told piece by piece, and what is kept of them.

type Delta = ChatCompletionChunk.Choice['delta'];

const chunk = (delta: Delta, finish_reason: ChatCompletionChunk.Choice['finish_reason'] = null): ModelChunk => ({ choices: [{ index: 0, delta, finish_reason }] });
const said = (...pieces: string[]): ModelChunk[] => pieces.map((content) => chunk({ content }));
const stop = chunk({}, 'stop');

async function* streamed(chunks: ModelChunk[]): AsyncGenerator<ModelChunk> {
  for (const one of chunks) yield await Promise.resolve(one);
}

/** A turn that has read these chunks, and what it told. */
async function read(chunks: ModelChunk[], { lastMessageId, lastStepId }: { lastMessageId?: string; lastStepId?: string } = {}) {
  const events: RunEvent[] = [];
  const onTextDone = () => Promise.reject(new Error('there is no text before calls'));
  const turn = new Turn({ run: runningRun(), lastMessageId, lastStepId, nowMs: () => NOW_MS, emit: (event) => void events.push(event), onTextDone });
  await turn.read(streamed(chunks));
  return { turn, events, result: turn.finish(USAGE) };
}

const names = (events: RunEvent[]): string[] => events.map(({ type }) => type);
const deltas = (events: RunEvent[]): MessageDelta[] => events.flatMap((event) => (event.type === 'thread.message.delta' ? event.content : []));

/** What a client has when it has added up the deltas. */
function sum(events: RunEvent[]): ContentPart[] {
  const parts: ContentPart[] = [];
  for (const delta of deltas(events)) {
    const known = parts[delta.index];
    if (delta.type === 'text') {
      if (known === undefined) parts[delta.index] = { type: 'text', text: { value: delta.text.value, annotations: delta.text.annotations ?? [] } };
      else if (known.type === 'text') known.text.value += delta.text.value;
      else throw new Error(`part ${delta.index} changes its type`);
    } else if (delta.type === 'image_file') {
      if (known !== undefined) throw new Error(`part ${delta.index} is told twice`);
      parts[delta.index] = { type: 'image_file', image_file: delta.image_file };
    } else if (known === undefined) parts[delta.index] = { type: 'refusal', refusal: delta.refusal };
    else if (known.type === 'refusal') known.refusal += delta.refusal;
    else throw new Error(`part ${delta.index} changes its type`);
  }
  return parts;
}

const OPENING = ['thread.run.step.created', 'thread.run.step.in_progress', 'thread.message.created', 'thread.message.in_progress'];

describe('a text', () => {
  it('opens step and message at its first piece, then comes piece by piece', async () => {
    const { events, turn, result } = await read([chunk({ role: 'assistant', content: '' }), ...said('Hello', ' ', 'world'), stop]);
    expect(names(events)).toEqual([...OPENING, ...Array<string>(3).fill('thread.message.delta')]);
    expect(deltas(events)).toEqual([
      { index: 0, type: 'text', text: { value: 'Hello', annotations: [] } },
      { index: 0, type: 'text', text: { value: ' ' } },
      { index: 0, type: 'text', text: { value: 'world' } },
    ]);
    expect(turn.messageSoFar?.content).toEqual([{ type: 'text', text: { value: 'Hello world', annotations: [] } }]);
    expect(result).toEqual({ finishReason: 'stop', toolCalls: [], usage: USAGE });
  });

  it('is opened with an empty content, in progress, and belongs to run, thread and step', async () => {
    const { events } = await read([...said('Hi'), stop]);
    const [created, , opened] = events;
    expect(opened).toMatchObject({ message: { status: 'in_progress', role: 'assistant', content: [], runId: 'run_test', threadId: 'thread_test', assistantId: 'asst_test', createdAtMs: NOW_MS } });
    const messageId = opened?.type === 'thread.message.created' ? opened.message.id : '';
    expect(created).toMatchObject({ step: { status: 'in_progress', details: { type: 'message_creation', messageId }, expiresAtMs: runningRun().expiresAtMs } });
    expect(events.at(-1)).toMatchObject({ messageId });
  });

  it('does not change what was told before', async () => {
    const { events } = await read([...said('Hi'), stop]);
    expect(events[2]).toMatchObject({ message: { content: [] } });
  });

  it('has ids that sort behind the newest of thread and run, even those of a faster clock', async () => {
    const [lastMessageId, lastStepId] = [`msg_${'z'.repeat(10)}00000000000000`, `step_${'z'.repeat(10)}00000000000000`];
    const { turn } = await read([...said('Hi'), stop], { lastMessageId, lastStepId });
    expect((turn.message?.id ?? '') > lastMessageId).toBe(true);
    expect((turn.step?.id ?? '') > lastStepId).toBe(true);
  });
});

describe('the deltas add up to the content', () => {
  it.each<[string, ModelChunk[], ContentPart[]]>([
    ['one piece', said('Hi'), [{ type: 'text', text: { value: 'Hi', annotations: [] } }]],
    ['many pieces', said(...'a long answer, letter by letter'), [{ type: 'text', text: { value: 'a long answer, letter by letter', annotations: [] } }]],
    ['pieces that cut a character in two', said('\ud83d', '\ude00'), [{ type: 'text', text: { value: '😀', annotations: [] } }]],
    ['blank pieces', said(' ', '\n', '\t'), [{ type: 'text', text: { value: ' \n\t', annotations: [] } }]],
    ['a refusal', [chunk({ refusal: 'I ' }), chunk({ refusal: 'cannot.' })], [{ type: 'refusal', refusal: 'I cannot.' }]],
    [
      'a text, a refusal and a text again',
      [...said('Well', ', '), chunk({ refusal: 'no' }), chunk({ refusal: '.' }), ...said('Sorry.')],
      [{ type: 'text', text: { value: 'Well, ', annotations: [] } }, { type: 'refusal', refusal: 'no.' }, { type: 'text', text: { value: 'Sorry.', annotations: [] } }],
    ],
    ['nothing but a stop', [], [{ type: 'text', text: { value: '', annotations: [] } }]],
    ['null and empty pieces', [chunk({ content: null }), chunk({ content: '', refusal: null })], [{ type: 'text', text: { value: '', annotations: [] } }]],
  ])('%s', async (_, chunks, content) => {
    const { events, turn } = await read([...chunks, stop]);
    expect(sum(events)).toEqual(content);
    expect(turn.messageSoFar?.content).toEqual(content);
    expect(names(events).slice(0, OPENING.length)).toEqual(OPENING);
    for (const delta of deltas(events)) expect(delta.index).toBeLessThan(content.length);
  });

  it('and only the first piece of a text carries annotations, which never repeat', async () => {
    const { events } = await read([...said('a', 'b'), chunk({ refusal: 'c' }), ...said('d', 'e'), stop]);
    expect(deltas(events).map((delta) => delta.type === 'text' && 'annotations' in delta.text)).toEqual([true, false, false, true, false]);
  });
});

describe('how it ends', () => {
  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['content_filter', 'content_filter'],
    ['tool_calls', 'stop'],
    ['function_call', 'stop'],
  ] as const)('finish_reason %s is %s', async (reason, finishReason) => {
    expect((await read([...said('Hi'), chunk({}, reason)])).result.finishReason).toBe(finishReason);
  });

  it('may be said together with the last piece, and before it', async () => {
    const { turn, result } = await read([...said('Hi'), chunk({ content: ' there' }, 'length'), ...said('!')]);
    expect(result.finishReason).toBe('length');
    expect(turn.messageSoFar?.content).toEqual([{ type: 'text', text: { value: 'Hi there!', annotations: [] } }]);
  });

  it.each([[[]], [said('Half an ans')]])('a stream without an end is cut off', async (chunks) => {
    const turn = new Turn({ run: runningRun(), lastMessageId: undefined, lastStepId: undefined, nowMs: () => NOW_MS, emit: () => undefined, onTextDone: () => Promise.resolve() });
    await expect(turn.read(streamed(chunks))).rejects.toMatchObject({ name: 'ModelError', kind: 'unavailable' });
    expect(turn.hasSpoken).toBe(chunks.length > 0);
    expect(turn.spoken).toBe(chunks.length > 0 ? 'Half an ans' : '');
  });
});

describe('what providers send besides', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };

  it('usage is taken from wherever it comes, the last one counts', async () => {
    const details = { ...usage, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 4 }, completion_tokens_details: { reasoning_tokens: 3 } };
    const { turn } = await read([{ ...chunk({ content: 'Hi' }), usage }, stop, { choices: [], usage: details }]);
    expect(turn.usage).toEqual({ promptTokens: 10, completionTokens: 7, cachedTokens: 4, reasoningTokens: 3 });
    expect((await read([stop, { choices: [], usage: null }])).turn.usage).toBeUndefined();
    expect((await read([stop, { choices: [], usage }])).turn.usage).toEqual({ promptTokens: 10, completionTokens: 5, cachedTokens: 0, reasoningTokens: 0 });
  });

  it('chunks without a choice, as Azure begins with, are passed over', async () => {
    const { events } = await read([{ choices: [] }, ...said('Hi'), stop]);
    expect(deltas(events)).toHaveLength(1);
  });

  it.each(['{"choices":[{"index":0,"finish_reason":null,"content_filter_results":{}}]}', '{"usage":null}', '{"choices":[{"index":0,"delta":null,"finish_reason":null}]}'])(
    'so is %s',
    async (odd) => {
      const { turn, result } = await read([...said('Hi'), JSON.parse(odd) as ModelChunk, stop]);
      expect(result.finishReason).toBe('stop');
      expect(turn.messageSoFar?.content).toEqual([{ type: 'text', text: { value: 'Hi', annotations: [] } }]);
    },
  );
});
