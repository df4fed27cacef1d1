/** Endpoints that do not answer, or not as they should: the model is told in words, and the run goes on. */
import { describe, expect, test } from '@jest/globals';
import { calls, text } from '../../support/scripted-model.ts';
import type { ToolAnswer } from '../../support/tool-receiver.ts';
import type { Run } from '../clients/client.ts';
import type { Stage } from '../stage.ts';
import { Answerer, outputsOf } from '../tool-endpoints.ts';
import { functionTool } from '../tools.ts';

const problem = (what: string): string => `Error: the endpoint of "ask" ${what}.`;

/** A run whose only call is answered so, to its end. */
async function asked(stage: Stage, { receiver }: Answerer, answer: () => ToolAnswer | Promise<ToolAnswer>): Promise<Run> {
  receiver.answer = answer;
  const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('ask')] });
  stage.model.script(calls([{ name: 'ask', arguments: {} }]), text('Sorry.'));
  return stage.runs.createAndPoll(thread_id, { assistant_id });
}

export function toolEndpointFailures(use: () => Stage): void {
  describe('a tool endpoint that', () => {
    test.each<[string, ToolAnswer, string]>([
      ['fails', { status: 500, body: 'stack trace' }, problem('answered with status 500')],
      ['does not know the URL', { status: 404 }, problem('answered with status 404')],
      ['leads elsewhere', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }, problem('answered with status 302')],
      ['says too much', { status: 200, body: 'x'.repeat(512 * 1024 + 1) }, problem('answered with more than 524288 bytes')],
    ])('%s is asked once', async (_, answer, output) => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['ask']);

      const run = await asked(stage, answerer, () => answer);

      expect(run.status).toBe('completed');
      expect(await outputsOf(stage, run)).toEqual([output]);
      expect(stage.model.requests[1]?.body.messages.at(-1)).toMatchObject({ role: 'tool', content: output });
      expect(answerer.receiver.received).toHaveLength(1);
    });

    test.each([429, 502, 503, 504])('answers with status %s is asked twice', async (status) => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['ask']);

      const run = await asked(stage, answerer, () => ({ status }));

      expect(await outputsOf(stage, run)).toEqual([problem(`answered with status ${status}`)]);
      expect(answerer.receiver.received).toHaveLength(2);
    });

    test('is only busy for a moment answers the second time, knowing the call', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['ask']);
      const { receiver } = answerer;

      const run = await asked(stage, answerer, () => (receiver.received.length === 1 ? { status: 503 } : 'at last'));

      expect(await outputsOf(stage, run)).toEqual(['at last']);
      const [first, second] = receiver.received;
      expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
      expect(second?.call).toEqual(first?.call);
    });

    test('cannot be reached is told so, without where it is', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['ask']);
      await answerer.receiver[Symbol.asyncDispose]();

      const run = await asked(stage, answerer, () => undefined);

      expect(run.status).toBe('completed');
      expect(await outputsOf(stage, run)).toEqual([problem('could not be reached')]);
    });

    test('does not answer has its time, and no more', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['ask'], { timeout_seconds: 1 });

      const run = await asked(stage, answerer, () => undefined);

      expect(run.status).toBe('completed');
      expect(await outputsOf(stage, run)).toEqual([problem('did not answer within 1 second')]);
      expect(answerer.receiver.received).toHaveLength(1);
      await answerer.receiver.received[0]?.hungUp;
    });

    test('fails does not keep another from answering', async () => {
      const stage = use();
      await using answerer = await Answerer.start(stage, ['ask', 'other']);
      answerer.receiver.answer = ({ call }) => (call.function.name === 'ask' ? { status: 400 } : 'fine');
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('ask'), functionTool('other')] });
      stage.model.script(calls([{ name: 'ask', arguments: {} }, { name: 'other', arguments: {} }]), text('Half.'));

      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(await outputsOf(stage, run)).toEqual([problem('answered with status 400'), 'fine']);
    });
  });
}
