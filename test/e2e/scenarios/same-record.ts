import { describe, expect, test } from '@jest/globals';
import { type Step, calls, cut, httpError, length, refusal, text } from '../../support/scripted-model.ts';
import type { RunBody } from '../clients/client.ts';
import type { Stage } from '../stage.ts';
import { read } from '../streams.ts';
import { functionTool, outputsFor } from '../tools.ts';

/** What a run has left behind: everything that can be read of it. */
async function record(stage: Stage, threadId: string): Promise<unknown> {
  const runs = (await stage.runs.list(threadId, { order: 'asc' })).data;
  const steps = await Promise.all(runs.map((run) => stage.stepsOf(run)));
  return comparable({ thread: await stage.threads.retrieve(threadId), messages: await stage.messagesOf(threadId), runs, steps });
}

/** The same with ids numbered by their first appearance, and without the moments. */
function comparable(value: unknown): unknown {
  const known = new Map<string, string>();
  const alias = (id: string): string => {
    if (!known.has(id)) known.set(id, `${id.split('_')[0]}#${known.size}`);
    return known.get(id) ?? '';
  };
  const json = JSON.stringify(value, (key, field: unknown) => (/_at$/.test(key) && typeof field === 'number' ? 'moment' : field));
  return JSON.parse(json.replace(/\b(asst|thread|msg|run|step|call)_[A-Za-z0-9]{24}\b/g, alias)) as unknown;
}

/** Lets the model say `steps`, answering each call, and tells what is stored in the end. */
async function play(stage: Stage, streamed: boolean, steps: Step[], body: Partial<RunBody> = {}): Promise<unknown> {
  const { assistant_id, thread_id } = await stage.newPair({ instructions: 'Be brief.', tools: [functionTool('a'), functionTool('b')] });
  stage.model.script(...steps);
  if (streamed) await read(await stage.runs.create(thread_id, { assistant_id, ...body, stream: true }));
  else await stage.runs.createAndPoll(thread_id, { assistant_id, ...body });
  for (;;) {
    const [run] = (await stage.runs.list(thread_id)).data;
    if (run?.status !== 'requires_action') return record(stage, thread_id);
    const tool_outputs = outputsFor(run);
    if (streamed) await read(await stage.runs.submitToolOutputs(run.id, { thread_id, tool_outputs, stream: true }));
    else await stage.runs.submitToolOutputsAndPoll(run.id, { thread_id, tool_outputs });
  }
}

const twoCalls = () => calls([{ name: 'a', arguments: { n: 1 } }, { name: 'b', arguments: '' }], { text: 'Let me see.' });

const SCRIPTS: [string, () => Step[]][] = [
  ['a text', () => [text('Hello to you.')]],
  ['two rounds of calls with texts before them', () => [twoCalls(), twoCalls(), text('Done.')]],
  ['a function that does not exist', () => [calls([{ name: 'z', arguments: {} }]), text('Sorry.')]],
  ['a refusal', () => [refusal('No.')]],
  ['a text cut at the limit', () => [length('Hello to')]],
  ['a call cut at the limit', () => [length([{ name: 'a', arguments: '{"n"' }])]],
  ['an upstream that breaks off', () => [cut('Hello to')]],
  ['an upstream that refuses', () => [httpError(400, { message: 'No such thing.' })]],
  ['a refusal after outputs', () => [twoCalls(), httpError(429, { code: 'insufficient_quota' })]],
];

export function sameRecord(use: () => Stage): void {
  describe('streamed or polled, the record is the same', () => {
    test.each(SCRIPTS)('of %s', async (_what, script) => {
      const stage = use();

      const polled = await play(stage, false, script());
      const streamed = await play(stage, true, script());

      expect(streamed).toEqual(polled);
      expect(JSON.stringify(polled)).toMatch(/"status":"(completed|incomplete|failed)"/);
    });

    test('with the same settings', async () => {
      const stage = use();
      const body: Partial<RunBody> = { metadata: { k: 'v' }, temperature: 0.5, additional_messages: [{ role: 'user', content: 'And?' }], max_completion_tokens: 900, truncation_strategy: { type: 'last_messages', last_messages: 4 } };

      const polled = await play(stage, false, [text('Yes.')], body);
      const streamed = await play(stage, true, [text('Yes.')], body);

      expect(streamed).toEqual(polled);
    });
  });
}
