import { describe, expect, test } from '@jest/globals';
import { type CallSpec, calls, text } from '../../support/scripted-model.ts';
import type { Message, RunStep } from '../clients/client.ts';
import { CARS, FOODS, newSearcher } from '../files.ts';
import { type Stage, textOf } from '../stage.ts';
import { only, read, shape } from '../streams.ts';
import { functionTool, openCalls, outputsFor } from '../tools.ts';

export const search = (...queries: string[]): CallSpec => ({ name: 'file_search', arguments: { queries } });
const CONTENT: ['step_details.tool_calls[*].file_search.results[*].content'] = ['step_details.tool_calls[*].file_search.results[*].content'];

interface SearchCall {
  id: string;
  type: string;
  file_search: { ranking_options: unknown; results: { file_id: string; file_name: string; score: number; content?: { type: string; text: string }[] }[] };
}

export const searchCalls = (step: RunStep | undefined): SearchCall[] =>
  step?.step_details.type === 'tool_calls' ? (step.step_details.tool_calls as { type: string }[]).filter((call): call is SearchCall => call.type === 'file_search') : [];

/** What the model was shown last. */
export const shown = (stage: Stage): string => {
  const last = stage.model.requests.at(-1)?.body.messages.at(-1);
  return last?.role === 'tool' && typeof last.content === 'string' ? last.content : '';
};

export const annotationsOf = (message: Message | undefined) => (message?.content ?? []).flatMap((part) => (part.type === 'text' ? part.text.annotations : []));

export function fileSearch(use: () => Stage): void {
  describe('file search', () => {
    test('is a step of its own, whose results the model sees and cites', async () => {
      const stage = use();
      const { assistant_id, thread_id, store } = await newSearcher(stage);
      stage.model.script(calls([search('favourite cheese')]), text('🧀 It is Roquefort 【4:0†foods.txt】.', { pieces: ['🧀 It is Roq', 'uefort 【4', ':0†foods', '.txt】', '.'] }));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run).toMatchObject({ status: 'completed', usage: { total_tokens: 30 } });
      const [searched, written] = await stage.stepsOf(run);
      expect([searched?.type, searched?.status, written?.type]).toEqual(['tool_calls', 'completed', 'message_creation']);
      const [call] = searchCalls(searched);
      expect(call).toMatchObject({ type: 'file_search', file_search: { ranking_options: { ranker: 'default_2024_08_21', score_threshold: 0 } } });
      expect(call?.file_search.results[0]).toEqual({ file_id: expect.stringMatching(/^file-/) as unknown, file_name: 'foods.txt', score: expect.any(Number) as unknown, attributes: {} });
      const [with_] = searchCalls(await stage.runs.steps.retrieve(searched?.id ?? '', { thread_id, run_id: run.id, include: CONTENT }));
      expect(with_?.file_search.results[0]?.content).toEqual([{ type: 'text', text: FOODS }]);
      const page = await stage.runs.steps.list(run.id, { thread_id, order: 'asc', include: CONTENT });
      expect(searchCalls(page.data[0])[0]).toEqual(with_);
      expect(shown(stage)).toContain(`【4:0†foods.txt】\n${FOODS}`);
      const answer = (await stage.messagesOf(thread_id)).at(-1);
      expect(textOf(answer)).toBe('🧀 It is Roquefort 【4:0†foods.txt】.');
      expect(annotationsOf(answer)).toEqual([
        { type: 'file_citation', text: '【4:0†foods.txt】', start_index: 18, end_index: 33, file_citation: { file_id: call?.file_search.results[0]?.file_id, quote: 'The favourite cheese of Ada is Roquefort.' } },
      ]);
      expect(await stage.client.vectorStores.retrieve(store.id)).toMatchObject({ status: 'completed' });
    });

    test('is told in a stream: one delta for the search, results when it is done, citations with their text', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newSearcher(stage);
      stage.model.script(calls([search('car')]), text('A Citroën【4:0†cars.md】!', { pieces: ['A Citroën【4:0†c', 'ars.md】!'] }));

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true, include: CONTENT }));

      expect(shape(told.names)).toEqual([
        ...['run.created', 'run.queued', 'run.in_progress', 'run.step.created', 'run.step.in_progress', 'run.step.delta', 'run.step.completed'],
        ...['run.step.created', 'run.step.in_progress', 'message.created', 'message.in_progress', 'message.delta', 'message.completed', 'run.step.completed', 'run.completed'],
      ]);
      const { delta } = only(told, 'thread.run.step.delta');
      expect(delta.step_details).toEqual({ type: 'tool_calls', tool_calls: [{ index: 0, id: expect.stringMatching(/^call_/) as unknown, type: 'file_search', file_search: { ranking_options: { ranker: 'default_2024_08_21', score_threshold: 0 }, results: [] } }] });
      const done = told.events.find(({ event }) => event === 'thread.run.step.completed')?.data as RunStep;
      expect(searchCalls(done)[0]?.file_search.results[0]?.content).toEqual([{ type: 'text', text: CARS }]);
      const deltas = told.events.flatMap(({ event, data }) => (event === 'thread.message.delta' ? (data.delta.content ?? []) : []));
      const [{ file_id = '' } = {}] = searchCalls(done)[0]?.file_search.results ?? [];
      expect(deltas).toEqual([
        { index: 0, type: 'text', text: { value: 'A Citroën', annotations: [] } },
        {
          index: 0,
          type: 'text',
          text: { value: '【4:0†cars.md】', annotations: [{ index: 0, type: 'file_citation', text: '【4:0†cars.md】', start_index: 9, end_index: 22, file_citation: { file_id, quote: 'The car of Ada is a green Citroën from 1972.' } }] },
        },
        { index: 0, type: 'text', text: { value: '!' } },
      ]);
      const followed = await read((await stage.client.get(`/threads/${thread_id}/runs/${done.run_id}/stream?include[]=${encodeURIComponent(CONTENT[0])}`, { stream: true })) as Parameters<typeof read>[0]);
      expect(followed.names).toEqual(told.names.filter((name, at) => name !== 'thread.message.delta' || told.names[at - 1] !== name));
      expect(followed.events.filter(({ event }) => !event.endsWith('.delta'))).toEqual(told.events.filter(({ event }) => !event.endsWith('.delta')));
    });

    test('works with the stream helper, without content unless it is asked for', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newSearcher(stage);
      stage.model.script(calls([search('cheese'), search('car')]), text('Roquefort 【4:0†foods.txt】 and a Citroën 【5:0†cars.md】'));

      const stream = stage.runs.stream(thread_id, { assistant_id });
      const [run, messages, steps] = [await stream.finalRun(), await stream.finalMessages(), await stream.finalRunSteps()];

      expect(run.status).toBe('completed');
      const stored = (await stage.messagesOf(thread_id)).at(-1);
      expect(messages.map(textOf)).toEqual([textOf(stored)]);
      expect(annotationsOf(stored).map(({ text: marker }) => marker)).toEqual(['【4:0†foods.txt】', '【5:0†cars.md】']);
      expect(searchCalls((await stage.stepsOf(run))[0]).map(({ file_search }) => file_search.results[0]?.file_name)).toEqual(['foods.txt', 'cars.md']);
      expect(JSON.stringify(steps)).not.toContain('Roquefort');
    });

    test('may be made again and again, and what the model makes up is not cited', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newSearcher(stage);
      stage.model.script(
        calls([search('cheese')], { text: 'Let me see【4:0†foods.txt】.' }),
        calls([search('bread')]),
        text('Rye【5:0†foods.txt】, says【9:0†foods.txt】 the file【4:0†ghost.txt】 【sic】【5:0†source】'),
      );

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(run).toMatchObject({ status: 'completed', usage: { total_tokens: 45 } });
      const [, before, answer] = await stage.messagesOf(thread_id);
      expect([textOf(before), textOf(answer)]).toEqual(['Let me see.', 'Rye【5:0†foods.txt】, says the file 【sic】']);
      expect(annotationsOf(answer).map(({ text: marker, start_index }) => [marker, start_index])).toEqual([['【5:0†foods.txt】', 3]]);
      expect((await stage.stepsOf(run)).map(({ type }) => type)).toEqual(['message_creation', 'tool_calls', 'tool_calls', 'message_creation']);
    });

    test('stands beside functions: what it found is stored before the client is asked', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newSearcher(stage, undefined, { tools: [functionTool('a'), { type: 'file_search' }] });
      stage.model.script(calls([search('cheese'), { name: 'a', arguments: { n: 1 } }]));

      const told = await read(await stage.runs.create(thread_id, { assistant_id, stream: true }));

      const { id } = only(told, 'thread.run.requires_action');
      const waiting = await stage.runs.retrieve(id, { thread_id });
      expect(openCalls(waiting).map(({ name }) => name)).toEqual(['a']);
      const [open] = await stage.stepsOf(waiting);
      expect([open?.status, searchCalls(open)[0]?.file_search.results[0]?.file_name]).toEqual(['in_progress', 'foods.txt']);
      const both = [...outputsFor(waiting), { tool_call_id: searchCalls(open)[0]?.id ?? '', output: 'mine' }];
      expect((await stage.failure(stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: both }))).status).toBe(400);
      stage.model.script(text('Roquefort【4:0†foods.txt】'));
      const after = await read(await stage.runs.submitToolOutputs(id, { thread_id, tool_outputs: outputsFor(waiting), stream: true }));

      expect(after.names[0]).toBe('thread.run.step.completed');
      const [done] = await stage.stepsOf(waiting);
      expect(searchCalls(done)).toEqual(searchCalls(open));
      expect(annotationsOf((await stage.messagesOf(thread_id)).at(-1))).toHaveLength(1);
      expect(stage.model.requests.at(-1)?.body.messages.slice(-3)).toMatchObject([{ role: 'assistant', tool_calls: [{ function: { name: 'file_search' } }, { function: { name: 'a' } }] }, { role: 'tool' }, { role: 'tool', content: 'output of a' }]);
    });

    test('leaves no markers in what later runs see', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await newSearcher(stage);
      stage.model.script(calls([search('cheese')]), text('Roquefort【4:0†foods.txt】.'), text('Yes.'));

      await stage.runs.createAndPoll(thread_id, { assistant_id });
      const next = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(next.status).toBe('completed');
      expect(stage.model.requests.at(-1)?.body.messages.at(-1)).toEqual({ role: 'assistant', content: 'Roquefort.' });
    });
  });
}
