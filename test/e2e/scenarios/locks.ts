import { describe, expect, test } from '@jest/globals';
import { calls, hold, text } from '../../support/scripted-model.ts';
import { type Stage, all, eventually, ids, textOf } from '../stage.ts';
import { functionTool, outputsFor } from '../tools.ts';

export function locks(use: () => Stage): void {
  describe('one run at a time on a thread', () => {
    test('of those that start at once exactly one begins', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hold('Hello you');
      stage.model.script(step);

      const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => stage.runs.create(thread_id, { assistant_id })));

      const begun = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      expect(begun).toHaveLength(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'fulfilled') continue;
        expect(outcome.reason).toBeInstanceOf(stage.sdk.errors.BadRequestError);
        expect(outcome.reason).toMatchObject({ message: `400 Thread ${thread_id} already has an active run ${begun[0]?.id}.` });
      }
      step.release();
      await stage.runs.poll(begun[0]?.id ?? '', { thread_id });
      expect(ids(await all(stage.runs.list(thread_id)))).toEqual(ids(begun));
    });

    test('holds its thread until it ends, and no longer', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const step = hold('Hello you');
      stage.model.script(step, text('Again'));
      const run = await stage.runs.create(thread_id, { assistant_id });
      await step.reached;

      const refusedMessage = await stage.failure(stage.messages.create(thread_id, { role: 'user', content: 'Wait' }));
      const refusedRun = await stage.failure(stage.runs.create(thread_id, { assistant_id }));

      expect(refusedMessage).toMatchObject({ status: 400, type: 'invalid_request_error', message: `Can't add messages to ${thread_id} while a run ${run.id} is active.` });
      expect(refusedRun).toMatchObject({ status: 400, type: 'invalid_request_error', message: `Thread ${thread_id} already has an active run ${run.id}.` });
      step.release();
      await eventually('the run has completed', async () => ((await stage.runs.retrieve(run.id, { thread_id })).status === 'completed' ? true : undefined));
      await stage.messages.create(thread_id, { role: 'user', content: 'Now' });
      expect((await stage.runs.createAndPoll(thread_id, { assistant_id })).status).toBe('completed');
    });

    test('holds it also while it waits for outputs', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [functionTool('a')] });
      stage.model.script(calls([{ name: 'a', arguments: {} }]));
      const run = await stage.runs.createAndPoll(thread_id, { assistant_id });

      const refused = [
        await stage.failure(stage.messages.create(thread_id, { role: 'user', content: 'Wait' })),
        await stage.failure(stage.runs.create(thread_id, { assistant_id })),
        await stage.failure(stage.runs.create(thread_id, { assistant_id, stream: true })),
        await stage.failure(stage.runs.create(thread_id, { assistant_id, additional_messages: [{ role: 'user', content: 'Wait' }] })),
      ];
      stage.model.script(text('Done.'));
      await stage.runs.submitToolOutputsAndPoll(run.id, { thread_id, tool_outputs: outputsFor(run) });

      expect(refused[0]?.message).toBe(`Can't add messages to ${thread_id} while a run ${run.id} is active.`);
      for (const { status, message } of refused.slice(1)) expect([status, message]).toEqual([400, `Thread ${thread_id} already has an active run ${run.id}.`]);
      expect(await stage.messagesOf(thread_id)).toHaveLength(2);
    });

    test('leaves messages and metadata open to change', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({}, 'One', 'Two');
      const [one, two] = await stage.messagesOf(thread_id);
      const step = hold('Hello you');
      stage.model.script(step);
      const run = await stage.runs.create(thread_id, { assistant_id });
      await step.reached;

      await stage.messages.update(one?.id ?? '', { thread_id, metadata: { seen: 'yes' } });
      await stage.messages.delete(two?.id ?? '', { thread_id });
      await stage.threads.update(thread_id, { metadata: { busy: 'yes' } });
      step.release();

      expect((await stage.runs.poll(run.id, { thread_id })).status).toBe('completed');
      expect((await stage.messagesOf(thread_id)).map((message) => [textOf(message), message.metadata])).toEqual([['One', { seen: 'yes' }], ['Hello you', {}]]);
      expect(await stage.threads.retrieve(thread_id)).toMatchObject({ metadata: { busy: 'yes' } });
    });

    test('lets several assistants take turns', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      const second = await stage.newAssistant({ instructions: 'Object.' });
      stage.model.script(text('Yes.'), text('No.'));

      await stage.runs.createAndPoll(thread_id, { assistant_id });
      await stage.runs.createAndPoll(thread_id, { assistant_id: second.id });

      expect((await stage.messagesOf(thread_id)).map((message) => [message.assistant_id, textOf(message)])).toEqual([[null, 'Hello'], [assistant_id, 'Yes.'], [second.id, 'No.']]);
    });
  });
}
