import { describe, expect, it } from '@jest/globals';
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { RunEvent } from '../../shared/domain/run-event.ts';
import type { FileSearchCall } from '../../shared/domain/run-step.ts';
import type { Tool } from '../../shared/domain/settings.ts';
import { Turn } from '../../shared/engine/turn.ts';
import type { ModelChunk } from '../../shared/ports/model.ts';
import { NOW_MS, USAGE, runningRun } from './sample-records.ts';

// Searches as a model calls them, and citations as it writes them.

type Delta = ChatCompletionChunk.Choice['delta'];
const chunk = (delta: Delta, finish_reason: ChatCompletionChunk.Choice['finish_reason'] = null): ModelChunk => ({ choices: [{ index: 0, delta, finish_reason }] });
const piece = (index: number, name: string | undefined, args: string) => chunk({ tool_calls: [{ index, ...(name !== undefined && { id: `call_${index}` }), type: 'function', function: { ...(name !== undefined && { name }), arguments: args } }] });
const found: FileSearchCall = { id: 'call_9', type: 'file_search', arguments: '', rankingOptions: { ranker: 'auto', score_threshold: 0 }, ordinal: 4, results: [{ fileId: 'file-1', filename: 'a.txt', score: 1, attributes: {}, text: 'Found.' }] };
const MARKER = '【4:0†a.txt】';

async function* streamed(chunks: ModelChunk[]): AsyncGenerator<ModelChunk> {
  for (const one of chunks) yield await Promise.resolve(one);
}

function turnOf(tools: Tool[] = [{ type: 'file_search' }]) {
  const events: RunEvent[] = [];
  const texts: unknown[] = [];
  const turn = new Turn({
    run: runningRun({ tools }),
    lastMessageId: undefined,
    lastStepId: undefined,
    searches: [found],
    nowMs: () => NOW_MS,
    emit: (event) => void events.push(event),
    onTextDone: async (open) => void texts.push(await Promise.resolve(open.messageSoFar?.content)),
  });
  return { turn, events, texts };
}

const deltas = (events: RunEvent[]) => events.flatMap((event) => (event.type === 'thread.run.step.delta' ? event.toolCalls : []));
const said = (events: RunEvent[]) => events.flatMap((event) => (event.type === 'thread.message.delta' ? event.content : []));

describe('a search', () => {
  it('is told by one delta when it opens; its arguments are kept and not told', async () => {
    const { turn, events } = turnOf();
    await turn.read(streamed([piece(0, 'file_search', '{"que'), piece(0, undefined, 'ries":["a"]}'), piece(1, 'f', '{"n":1}'), piece(2, 'file_search', ''), chunk({}, 'tool_calls')]));
    const { toolCalls } = turn.finish(USAGE);
    const ranking = { ranker: 'default_2024_08_21', score_threshold: 0 };
    expect(deltas(events)).toEqual([
      { index: 0, id: 'call_0', type: 'file_search', file_search: { ranking_options: ranking, results: [] } },
      { index: 1, id: 'call_1', type: 'function', function: { name: 'f', arguments: '', output: null } },
      { index: 1, type: 'function', function: { arguments: '{"n":1}' } },
      { index: 2, id: 'call_2', type: 'file_search', file_search: { ranking_options: ranking, results: [] } },
    ]);
    expect(toolCalls).toEqual([
      { id: 'call_0', type: 'file_search', arguments: '{"queries":["a"]}', rankingOptions: ranking },
      { id: 'call_1', type: 'function', name: 'f', arguments: '{"n":1}' },
      { id: 'call_2', type: 'file_search', arguments: '', rankingOptions: ranking },
    ]);
    expect(turn.stepSoFar?.details).toEqual({ type: 'tool_calls', toolCalls });
    expect(turn.spoken).toContain('"queries"');
  });

  it('is a function like any other in a run that cannot search', async () => {
    const { turn } = turnOf([{ type: 'function', function: { name: 'file_search' } }]);
    await turn.read(streamed([piece(0, 'file_search', '{}'), chunk({}, 'tool_calls')]));
    expect(turn.finish(USAGE).toolCalls).toEqual([{ id: 'call_0', type: 'function', name: 'file_search', arguments: '{}' }]);
  });
});

describe('a citation', () => {
  const annotation = { type: 'file_citation', text: MARKER, start_index: 3, end_index: 14, file_citation: { file_id: 'file-1', quote: 'Found.' } };

  it('comes with its marker, and is in the message', async () => {
    const { turn, events } = turnOf();
    await turn.read(streamed([chunk({ content: 'So 【4' }), chunk({ content: ':0†a.txt】' }), chunk({ content: '.【9:9†x】' }, 'stop')]));
    turn.finish(USAGE);
    expect(said(events)).toEqual([
      { index: 0, type: 'text', text: { value: 'So ', annotations: [] } },
      { index: 0, type: 'text', text: { value: MARKER, annotations: [{ index: 0, ...annotation }] } },
      { index: 0, type: 'text', text: { value: '.' } },
    ]);
    expect(turn.messageSoFar?.content).toEqual([{ type: 'text', text: { value: `So ${MARKER}.`, annotations: [annotation] } }]);
  });

  it('may begin the text, or be all that was made up of it', async () => {
    const first = turnOf();
    await first.turn.read(streamed([chunk({ content: MARKER }, 'stop')]));
    first.turn.finish(USAGE);
    expect(said(first.events)).toMatchObject([{ text: { value: MARKER, annotations: [{ index: 0, start_index: 0, end_index: 11 }] } }]);
    const none = turnOf();
    await none.turn.read(streamed([chunk({ content: '【9:9†x】' }, 'stop')]));
    none.turn.finish(USAGE);
    expect(said(none.events)).toEqual([{ index: 0, type: 'text', text: { value: '', annotations: [] } }]);
    expect(none.turn.messageSoFar?.content).toEqual([{ type: 'text', text: { value: '', annotations: [] } }]);
  });

  it('that is cut short is text: at the end, before calls, before a refusal', async () => {
    for (const [rest, at] of [[chunk({}, 'stop'), 0], [piece(0, 'f', '{}'), 0], [chunk({ refusal: 'No.' }), 0]] as const) {
      const { turn, events, texts } = turnOf();
      await turn.read(streamed([chunk({ content: 'So 【4:0' }), rest, chunk({}, 'stop')]));
      turn.finish(USAGE);
      expect(said(events).filter(({ index }) => index === at)).toEqual([{ index: 0, type: 'text', text: { value: 'So ', annotations: [] } }, { index: 0, type: 'text', text: { value: '【4:0' } }]);
      const [content] = [texts[0] ?? turn.messageSoFar?.content] as { text: unknown }[][];
      expect(content?.[0]).toMatchObject({ text: { value: 'So 【4:0' } });
    }
  });

  it('that is held back when the run is interrupted was told by nobody, and the message has what was told', async () => {
    const { turn, events } = turnOf();
    await expect(turn.read(streamed([chunk({ content: '【4:0' })]))).rejects.toThrow('cut off');
    expect(turn.hasSpoken).toBe(true);
    expect(said(events)).toEqual([{ index: 0, type: 'text', text: { value: '', annotations: [] } }]);
    expect(turn.messageSoFar?.content).toEqual([{ type: 'text', text: { value: '', annotations: [] } }]);
  });

  it('is none in a refusal, or in a run that cannot search', async () => {
    const refused = turnOf();
    await refused.turn.read(streamed([chunk({ refusal: `No ${MARKER}【9:9†x】` }, 'stop')]));
    expect(said(refused.events)).toEqual([{ index: 0, type: 'refusal', refusal: `No ${MARKER}【9:9†x】` }]);
    const plain = turnOf([]);
    await plain.turn.read(streamed([chunk({ content: `No ${MARKER}【9:9†x】` }, 'stop')]));
    expect(said(plain.events)).toEqual([{ index: 0, type: 'text', text: { value: `No ${MARKER}【9:9†x】`, annotations: [] } }]);
  });
});
