import { describe, expect, test } from '@jest/globals';
import { text } from '../../support/scripted-model.ts';
import type { MessageCreateParams } from '../clients/client.ts';
import { type Stage, all, ids, textOf } from '../stage.ts';

const IMAGE = 'https://example.com/cat.png';

export function messages(use: () => Stage): void {
  describe('messages', () => {
    test('are created from a string, with every field', async () => {
      const stage = use();
      const thread = await stage.threads.create();

      const message = await stage.messages.create(thread.id, { role: 'user', content: 'Hello', metadata: { k: 'v' } });

      const { id, created_at, completed_at, ...fields } = message;
      expect(id).toMatch(/^msg_[A-Za-z0-9]{24}$/);
      expect(completed_at).toBe(created_at);
      expect(fields).toEqual({
        object: 'thread.message',
        thread_id: thread.id,
        role: 'user',
        status: 'completed',
        content: [{ type: 'text', text: { value: 'Hello', annotations: [] } }],
        attachments: [],
        metadata: { k: 'v' },
        assistant_id: null,
        run_id: null,
        incomplete_at: null,
        incomplete_details: null,
      });
      expect(await stage.messages.retrieve(id, { thread_id: thread.id })).toEqual(message);
    });

    test('take text and image parts in any order, and attachments', async () => {
      const stage = use();
      const thread = await stage.threads.create();
      const body: MessageCreateParams = {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: IMAGE } },
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: IMAGE, detail: 'high' } },
        ],
        attachments: [{ tools: [{ type: 'file_search' }, { type: 'code_interpreter' }] }],
      };

      const message = await stage.messages.create(thread.id, body);

      expect(message.content).toEqual([
        { type: 'image_url', image_url: { url: IMAGE, detail: 'auto' } },
        { type: 'text', text: { value: 'What is this?', annotations: [] } },
        { type: 'image_url', image_url: { url: IMAGE, detail: 'high' } },
      ]);
      expect(message.attachments).toEqual(body.attachments);
      expect((await stage.messages.list(thread.id)).data).toEqual([message]);
    });

    test('reach the model with their images', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({}, 'Look at this.');
      await stage.messages.create(thread_id, { role: 'user', content: [{ type: 'image_url', image_url: { url: IMAGE, detail: 'low' } }, { type: 'text', text: 'What is it?' }] });
      stage.model.script(text('A cat.'));

      await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(stage.model.requests[0]?.body.messages).toEqual([
        { role: 'user', content: 'Look at this.' },
        { role: 'user', content: [{ type: 'image_url', image_url: { url: IMAGE, detail: 'low' } }, { type: 'text', text: 'What is it?' }] },
      ]);
    });

    test('of any script, and of 256,000 characters, come back as they were sent', async () => {
      const stage = use();
      const thread = await stage.threads.create();
      const words = ['Grüße, Ⅷ 漢字 👩‍👩‍👧‍👦 \u0000 \u2028 "\\n" \r\n end', 'half a character: \ud83d', 'x'.repeat(256_000)];

      for (const content of words) await stage.messages.create(thread.id, { role: 'user', content });

      expect((await stage.messagesOf(thread.id)).map(textOf)).toEqual(words);
    });

    test('of an assistant may be added by the client', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({}, 'Say A.');
      await stage.messages.create(thread_id, { role: 'assistant', content: [{ type: 'text', text: 'A' }, { type: 'text', text: 'and B' }] });
      await stage.messages.create(thread_id, { role: 'user', content: 'Say C.' });
      stage.model.script(text('C'));

      await stage.runs.createAndPoll(thread_id, { assistant_id });

      expect(stage.model.requests[0]?.body.messages).toEqual([
        { role: 'user', content: 'Say A.' },
        { role: 'assistant', content: 'A\nand B' },
        { role: 'user', content: 'Say C.' },
      ]);
    });

    test('are updated in their metadata alone', async () => {
      const stage = use();
      const thread = await stage.newThread('Hello');
      const [message] = await stage.messagesOf(thread.id);

      const updated = await stage.messages.update(message?.id ?? '', { thread_id: thread.id, metadata: { seen: 'yes' } });

      expect(updated).toEqual({ ...message, metadata: { seen: 'yes' } });
      expect(await stage.messages.retrieve(updated.id, { thread_id: thread.id })).toEqual(updated);
    });

    test('are gone once deleted, and no longer shown to the model', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({}, 'One', 'Two', 'Three');
      const [, two] = await stage.messagesOf(thread_id);

      const deleted = await stage.messages.delete(two?.id ?? '', { thread_id });

      expect(deleted).toEqual({ id: two?.id, object: 'thread.message.deleted', deleted: true });
      const { error, message } = await stage.failure(stage.messages.retrieve(two?.id ?? '', { thread_id }));
      expect(error).toBeInstanceOf(stage.sdk.errors.NotFoundError);
      expect(message).toBe(`No message found with id '${two?.id}'.`);
      stage.model.script(text('Fine.'));
      await stage.runs.createAndPoll(thread_id, { assistant_id });
      expect(stage.model.requests[0]?.body.messages.map(({ content }) => content)).toEqual(['One', 'Three']);
    });

    test('are listed by the run that wrote them', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair();
      stage.model.script(text('First'), text('Second'));
      const first = await stage.runs.createAndPoll(thread_id, { assistant_id });
      const second = await stage.runs.createAndPoll(thread_id, { assistant_id });

      const [ofFirst, ofSecond, ofNone] = await Promise.all([first.id, second.id, 'run_none'].map((run_id) => all(stage.messages.list(thread_id, { run_id }))));

      expect(ofFirst?.map(textOf)).toEqual(['First']);
      expect(ofSecond?.map(textOf)).toEqual(['Second']);
      expect(ofNone).toEqual([]);
      expect(ofFirst?.[0]).toMatchObject({ role: 'assistant', run_id: first.id, assistant_id, status: 'completed' });
    });

    test('added at the same moment are all kept, in one order', async () => {
      const stage = use();
      const thread = await stage.threads.create();

      const made = await Promise.all(Array.from({ length: 40 }, (_, n) => stage.messages.create(thread.id, { role: 'user', content: `${n}` })));

      const listed = ids(await stage.messagesOf(thread.id));
      expect(new Set(listed)).toEqual(new Set(ids(made)));
      expect(listed).toEqual([...listed].sort());
      expect(new Set(listed).size).toBe(40);
    });

    test('of unknown files are refused, and nothing is kept of them', async () => {
      const stage = use();
      const thread = await stage.threads.create();

      const { error, message } = await stage.failure(stage.messages.create(thread.id, { role: 'user', content: [{ type: 'image_file', image_file: { file_id: 'file-unknown' } }] }));

      expect(error).toBeInstanceOf(stage.sdk.errors.NotFoundError);
      expect(message).toBe('No such File object: file-unknown');
      expect(await stage.messagesOf(thread.id)).toEqual([]);
    });
  });
}
