/** A stream that is lost because the server dies, and taken up again at the next one. */
import { describe, expect, test } from '@jest/globals';
import type OpenAI from 'openai';
import type { Stream } from 'openai/streaming';
import { StreamRules } from '../support/stream-rules.ts';
import { ScriptedModel, calls, hang, text } from '../support/scripted-model.ts';
import { CrashableServer } from './crashable.ts';
import { LOOKUP, addMessage, createAssistant, rest } from './conversation.ts';

type Event = OpenAI.Beta.AssistantStreamEvent;

/** Reads to the end, whether that is the stream's or the server's. */
async function read(stream: AsyncIterable<Event>, told: Event[], onEvent: (event: Event) => void = () => undefined): Promise<'ended' | 'cut off'> {
  try {
    for await (const event of stream) {
      told.push(event);
      onEvent(event);
    }
    return 'ended';
  } catch {
    return 'cut off';
  }
}

const follow = (client: OpenAI, threadId: string, runId: string): Promise<Stream<Event>> => client.get(`/threads/${threadId}/runs/${runId}/stream`, { stream: true });

function problemsOf(told: readonly Event[]): string[] {
  const problems: string[] = [];
  const rules = new StreamRules('run', (problem) => problems.push(problem));
  for (const { event, data } of told) rules.accept({ event, data: JSON.parse(JSON.stringify(data)) as never });
  rules.end();
  return problems;
}

const named = (told: readonly Event[], name: string): Event[] => told.filter(({ event }) => event === name);

describe('a stream that breaks off with its server', () => {
  test('goes on at the next one: what was stored, then the answer as it is begun anew, and nothing of the half', async () => {
    await using model = await ScriptedModel.start();
    const half = hang('Half of an');
    model.script(calls([{ name: 'forecast', arguments: {} }], { text: 'Let me see.' }), half, text('The whole answer.'));
    await using server = await CrashableServer.start({ modelUrl: model.baseUrl, byHand: true });
    const assistantId = await createAssistant(server);
    const thread = await server.client.beta.threads.create();
    await addMessage(server, thread.id, 'Hello');
    const [before, beside]: [Event[], Event[]] = [[], []];
    const streaming = read(await server.client.beta.threads.runs.create(thread.id, { assistant_id: assistantId, tools: [LOOKUP], stream: true }), before);
    const [run] = await half.reached.then(async () => (await server.client.beta.threads.runs.list(thread.id)).data);
    if (!run) throw new Error('no run');
    const heardHalf = Promise.withResolvers<void>();
    const following = read(await follow(server.client, thread.id, run.id), beside, (event) => {
      if (JSON.stringify(event).includes('Half')) heardHalf.resolve();
    });
    await heardHalf.promise;

    await server.kill();
    expect(await Promise.all([streaming, following])).toEqual(['cut off', 'cut off']);
    await server.restart();
    const after: Event[] = [];
    expect(await read(await follow(server.client, thread.id, run.id), after)).toBe('ended');

    const ended = await rest(server, thread.id, run.id);
    expect(problemsOf(after)).toEqual([]);
    expect(after.at(-1)).toMatchObject({ event: 'thread.run.completed', data: ended });
    // What was complete before is told as it was; the half is told by nobody any more.
    const completed = (told: readonly Event[]) => [...named(told, 'thread.message.completed'), ...named(told, 'thread.run.step.completed')];
    expect(completed(after)).toEqual(expect.arrayContaining(completed(before)));
    expect(completed(before)).toHaveLength(3);
    expect(JSON.stringify(beside)).toContain('Half of');
    expect(JSON.stringify(after)).not.toContain('Half of');
    const { data: messages } = await server.client.beta.threads.messages.list(thread.id, { order: 'asc' });
    expect(named(after, 'thread.message.completed').map(({ data }) => data)).toEqual(messages.slice(1));
  });
});
