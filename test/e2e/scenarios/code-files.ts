import { describe, expect, test } from '@jest/globals';
import { text } from '../../support/scripted-model.ts';
import { upload } from '../files.ts';
import { type Stage, eventually } from '../stage.ts';

const withFiles = (...fileIds: string[]) => ({ tool_resources: { code_interpreter: { file_ids: fileIds } } });
const message = (...fileIds: string[]) => ({ role: 'user' as const, content: 'Count.', attachments: fileIds.map((file_id) => ({ file_id, tools: [{ type: 'code_interpreter' as const }] })) });

type Configured = { tool_resources?: { code_interpreter?: { file_ids?: string[] } } | null };
const namedIn = ({ tool_resources: resources }: Configured): string[] | undefined => resources?.code_interpreter?.file_ids;

/** All of them name just these files by and by. */
const allName = (fileIds: string[], ...configs: (() => PromiseLike<Configured>)[]): Promise<true> =>
  eventually(`they name ${String(fileIds)} and no others`, async () => {
    const named = await Promise.all(configs.map(async (retrieve) => namedIn(await retrieve())));
    return named.every((ids) => String(ids) === String(fileIds)) || undefined;
  });

export function codeFiles(use: () => Stage): void {
  describe('files for code_interpreter', () => {
    test('are named by no assistant and no thread once they are deleted; runs keep what they copied', async () => {
      const stage = use();
      const { assistants, threads, client } = stage;
      const [gone, kept] = [await upload(stage, 'gone.csv', 'a,b'), await upload(stage, 'kept.csv', 'a,b')];
      const assistant = await stage.newAssistant(withFiles(gone.id, kept.id));
      const begun = await threads.create({ ...withFiles(gone.id), messages: [message(kept.id)] });
      const attached = await stage.newThread('Hello');
      await stage.messages.create(attached.id, message(kept.id, gone.id));
      stage.model.script(text('Done.'));
      const run = await stage.runs.createAndPoll(attached.id, { assistant_id: assistant.id });

      await client.files.delete(gone.id);

      const retrieveAll = [() => assistants.retrieve(assistant.id), () => threads.retrieve(begun.id), () => threads.retrieve(attached.id)];
      await allName([kept.id], ...retrieveAll);
      expect((await stage.http<Configured>('GET', `/threads/${attached.id}/runs/${run.id}`)).body).toMatchObject(withFiles(gone.id, kept.id));
      expect((await stage.messagesOf(attached.id))[1]?.attachments?.map(({ file_id }) => file_id)).toEqual([kept.id, gone.id]);
      // What is retrieved can be sent back.
      const { tool_resources: resources } = await assistants.retrieve(assistant.id);
      expect(namedIn(await assistants.update(assistant.id, { tool_resources: resources }))).toEqual([kept.id]);
    });

    test('that are named again after they were not are taken out likewise', async () => {
      const stage = use();
      const { assistants, threads, client } = stage;
      const file = await upload(stage, 'again.csv', 'a,b');
      const [assistant, thread] = [await stage.newAssistant(withFiles(file.id)), await threads.create(withFiles(file.id))];
      for (const named of [withFiles(), withFiles(file.id)]) {
        await assistants.update(assistant.id, named);
        await threads.update(thread.id, named);
      }
      const retrieveBoth = [() => assistants.retrieve(assistant.id), () => threads.retrieve(thread.id)];
      await allName([file.id], ...retrieveBoth);

      await client.files.delete(file.id);

      await allName([], ...retrieveBoth);
    });
  });
}

export function codeFileExpiry(use: () => Stage): void {
  test('a file whose time has come is named by no assistant and no thread', async () => {
    const stage = use();
    const { assistants, threads, client } = stage;
    const file = await client.files.create({ file: new File(['a,b'], 'soon.csv'), purpose: 'assistants', expires_after: { anchor: 'created_at', seconds: 3600 } });
    const [assistant, thread] = [await stage.newAssistant(withFiles(file.id)), await threads.create({ messages: [message(file.id)] })];
    expect([namedIn(assistant), namedIn(thread)]).toEqual([[file.id], [file.id]]);

    await stage.server.jump(3_601_000);

    await allName([], () => assistants.retrieve(assistant.id), () => threads.retrieve(thread.id));
  });
}
