import { describe, expect, test } from '@jest/globals';
import { calls, text } from '../../support/scripted-model.ts';
import { CODE, attachedTo, code, contentOf, execute, finished, imagesOf, linksIn, newCoder, outcome, picturesIn, shownToModel } from '../code-interpreter.ts';
import { upload } from '../files.ts';
import { type Stage, ids, textOf } from '../stage.ts';

const withFiles = (...fileIds: string[]) => ({ tool_resources: { code_interpreter: { file_ids: fileIds } } });
const attach = (...fileIds: string[]) => fileIds.map((file_id) => ({ file_id, tools: [CODE] }));

/** What the files with these names hold, in the session. */
const contents = (...names: string[]): string => `print(*(open('/mnt/data/' + name).read() for name in ${JSON.stringify(names)}))`;

const write = (path: string, content: string): string => `open(${JSON.stringify(path)}, 'w').write(${JSON.stringify(content)});`;

export function codeInterpreterFiles(use: () => Stage): void {
  describe('files of code interpreter', () => {
    test('of the assistant, the thread, messages and messages of the run are there, by their ids and by their names', async () => {
      const stage = use();
      const [a, b, c, d] = [await upload(stage, 'a.txt', 'A'), await upload(stage, 'b.txt', 'B'), await upload(stage, 'c.txt', 'C'), await upload(stage, 'd.txt', 'D')];
      const { assistant_id, thread_id } = await newCoder(stage, withFiles(a.id));
      await stage.threads.update(thread_id, withFiles(b.id));
      await stage.messages.create(thread_id, { role: 'user', content: 'C.', attachments: attach(c.id) });
      stage.model.script(calls([code(contents(a.id, b.id, c.id, d.id), contents('a.txt', 'b.txt', 'c.txt', 'd.txt'))]), text('Done.'));

      const { logs, message } = await outcome(stage, await stage.runs.createAndPoll(thread_id, { assistant_id, additional_messages: [{ role: 'user', content: 'D.', attachments: attach(d.id) }] }));

      expect(logs).toEqual(['A B C D\nA B C D\n']);
      expect(message?.attachments).toEqual([]);
    });

    test('that come while the session lives are put into it', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const [a, b] = [await upload(stage, 'a.txt', 'A'), await upload(stage, 'b.txt', 'B')];

      await execute(stage, pair, 'kept = 1');
      await stage.messages.create(pair.thread_id, { role: 'user', content: 'A.', attachments: attach(a.id) });
      const second = await execute(stage, pair, `print(kept)\n${contents('a.txt')}`);
      await stage.assistants.update(pair.assistant_id, withFiles(b.id));
      const third = await execute(stage, pair, `print(kept)\n${contents('a.txt', 'b.txt')}`);

      expect([second.logs, third.logs]).toEqual([['1\nA\n'], ['1\nA B\n']]);
    });

    test('of one name are all there, by their ids', async () => {
      const stage = use();
      const made = await Promise.all(['one', 'two', 'three'].map((content) => upload(stage, 'data.csv', content)));

      const { logs } = await execute(stage, await newCoder(stage, withFiles(...ids(made))), contents(...ids(made)), "import os\nopen('/mnt/data/data.csv').read() in ('one', 'two', 'three')");

      expect(logs).toEqual(['one two three\n', 'True\n']);
    });

    test('may have any name', async () => {
      const stage = use();
      const names = ['my data (1).csv', 'größe 📈.txt', '..', '../../etc/passwd', '.hidden', "it's.csv", 'a"b.csv', `${'n'.repeat(300)}.txt`];
      const made = [];
      for (const name of names) made.push(await upload(stage, name, `${made.length}`));

      const { run, logs } = await execute(stage, await newCoder(stage, withFiles(...ids(made))), contents(...ids(made)), contents(...names.slice(0, 2)));

      expect([run.status, logs]).toEqual(['completed', ['0 1 2 3 4 5 6 7\n', '0 1\n']]);
    });

    test('are forty at the most, twenty of the assistant and twenty of the thread', async () => {
      const stage = use();
      const made: string[] = [];
      for (let n = 0; n < 40; n++) made.push((await upload(stage, `f${n}.txt`, `${n}`)).id);
      const { assistant_id, thread_id } = await newCoder(stage, withFiles(...made.slice(0, 20)));
      await stage.threads.update(thread_id, withFiles(...made.slice(20)));

      const { run, logs } = await execute(stage, { assistant_id, thread_id }, contents(...made), contents(...made.map((_, n) => `f${n}.txt`)));

      const all = `${made.map((_, n) => n).join(' ')}\n`;
      expect([run.status, logs]).toEqual(['completed', [all, all]]);
    });

    test('that were deleted are not there, and the run goes on', async () => {
      const stage = use();
      const [gone, kept] = [await upload(stage, 'gone.txt', 'G'), await upload(stage, 'kept.txt', 'K')];
      const pair = await newCoder(stage, withFiles(gone.id, kept.id));
      await stage.client.files.delete(gone.id);

      const { run, logs } = await execute(stage, pair, `import os\nprint(os.path.exists('/mnt/data/${gone.id}'), os.path.lexists('/mnt/data/gone.txt'))\n${contents('kept.txt')}`);

      expect([run.status, logs]).toEqual(['completed', ['False False\nK\n']]);
      expect(JSON.stringify(stage.model.requests[0]?.body.tools)).not.toContain('gone.txt');
    });

    test('that there are not are refused when they are named', async () => {
      const stage = use();
      const { thread_id } = await newCoder(stage);

      const failures = await Promise.all([
        stage.failure(stage.newAssistant({ tools: [CODE], ...withFiles('file-none') })),
        stage.failure(stage.threads.create(withFiles('file-none'))),
        stage.failure(stage.threads.update(thread_id, withFiles('file-none'))),
        stage.failure(stage.messages.create(thread_id, { role: 'user', content: 'x', attachments: attach('file-none') })),
      ]);

      expect(failures).toMatchObject(failures.map(() => ({ status: 404, message: 'No such File object: file-none' })));
    });

    test('that code writes are named by the next message, each as often as it is written anew', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      stage.model.script(calls([code(write('/mnt/data/a.txt', 'first'))]), calls([code(`import os\nos.makedirs('/mnt/data/sub')\n${write('/mnt/data/sub/b.txt', 'B')}`)], { text: 'A folder.' }), text('[a](sandbox:/mnt/data/a.txt) and [b](sandbox:/mnt/data/sub/b.txt), not [c](sandbox:/mnt/data/c.txt).'));
      const first = await finished(stage, pair);
      stage.model.script(calls([code(write('a.txt', 'second'))]), text('Again: sandbox:/mnt/data/a.txt'));
      const second = await finished(stage, pair);

      const between = (await stage.messagesOf(pair.thread_id))[1];
      const [a1 = '', b = ''] = linksIn(first.message).map((link) => (link.type === 'file_path' ? link.file_path.file_id : ''));
      expect(linksIn(first.message).map(({ text: link }) => link)).toEqual(['sandbox:/mnt/data/a.txt', 'sandbox:/mnt/data/sub/b.txt']);
      expect(linksIn(between)).toEqual([]);
      expect([attachedTo(between), new Set(attachedTo(first.message))]).toEqual([[a1], new Set([b, a1])]);
      const [a2] = attachedTo(second.message);
      expect(a2).not.toBe(a1);
      expect(linksIn(second.message)).toMatchObject([{ type: 'file_path', file_path: { file_id: a2 } }]);
      expect((await Promise.all([a1, b, a2].map((id) => contentOf(stage, id)))).map(String)).toEqual(['first', 'B', 'second']);
      expect(await stage.client.files.retrieve(b)).toMatchObject({ filename: 'b.txt', purpose: 'assistants_output', bytes: 1 });
    });

    test('that code writes are files like others, of their project alone', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const { message } = await execute(stage, pair, write('/mnt/data/a.txt', 'A'));
      const [id = ''] = attachedTo(message);
      const stranger = stage.connect({ apiKey: await stage.server.createKey('another') });

      const listed = (await stage.client.files.list({ purpose: 'assistants_output' })).data;
      const [seen, read] = await Promise.all([stage.failure(stranger.files.retrieve(id)), stage.failure(stranger.files.content(id))]);
      await stage.client.files.delete(id);

      expect(listed[0]).toEqual(expect.objectContaining({ id, filename: 'a.txt', bytes: 1 }));
      expect([seen.status, read.status, (await stage.failure(stage.client.files.content(id))).status]).toEqual([404, 404, 404]);
      // Its message is as it was.
      expect(attachedTo((await stage.messagesOf(pair.thread_id)).at(-1))).toEqual([id]);
      expect((await execute(stage, pair, contents('a.txt'))).logs).toEqual(['A\n']);
    });

    test('may be linked by what their names become in links', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      stage.model.script(calls([code(write('/mnt/data/my data.csv', '1'), write('/mnt/data/größe.csv', '2'))]), text('[1](sandbox:/mnt/data/my%20data.csv) [2](sandbox:/mnt/data/gr%C3%B6%C3%9Fe.csv)'));

      const { message } = await finished(stage, pair);

      expect(linksIn(message).map(({ text: link, start_index }) => [link, start_index])).toEqual([['sandbox:/mnt/data/my%20data.csv', 4], ['sandbox:/mnt/data/gr%C3%B6%C3%9Fe.csv', 41]]);
    });

    test('that a client has deleted stay out of links', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const { message } = await execute(stage, pair, write('/mnt/data/a.txt', 'A'));
      await stage.client.files.delete(attachedTo(message)[0] ?? '');
      stage.model.script(text('sandbox:/mnt/data/a.txt'));

      const { run } = await finished(stage, pair);

      expect(run.status).toBe('completed');
    });

    test('that are links, pipes or too many are not taken, and what is taken is whole', async () => {
      const stage = use();
      const pair = await newCoder(stage);

      const { run, logs, message } = await execute(stage, pair, "import os\nos.symlink('/proc/self/environ', '/mnt/data/link')\nos.mkfifo('/mnt/data/pipe')\nfor n in range(150): open('/mnt/data/f%03d' % n, 'w').write(str(n));");

      expect(run.status).toBe('completed');
      const taken = await Promise.all(attachedTo(message).map((id) => stage.client.files.retrieve(id ?? '')));
      expect([taken.length, taken.every(({ filename }) => /^f\d{3}$/.test(filename))]).toEqual([40, true]);
      // Of a hundred, which is as many as an execution tells of.
      expect(logs).toEqual([expect.stringMatching(/^\[Not kept for the user: f040, f041, [^\]]* 50 more\.\]\n$/)]);
      expect(String(await contentOf(stage, taken.find(({ filename }) => filename === 'f039')?.id))).toBe('39');
    });

    test('that pictures become go with the message after them', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const draw = (width: number) => code(`import matplotlib.pyplot as plt\nfor n in range(2):\n  plt.figure(figsize=(${width} + n, 1), dpi=100); plt.plot([1, 2]); plt.show()`);
      stage.model.script(calls([draw(2)]), calls([draw(4)]), text('Four.'), calls([code('1')]), text('None.'));

      const first = await finished(stage, pair);
      const second = (await finished(stage, pair)).run;

      const images = first.steps.flatMap(imagesOf);
      expect([images.length, new Set(images).size, picturesIn(first.message)]).toEqual([4, 4, images]);
      expect(attachedTo(first.message)).toEqual(images);
      expect(second.status).toBe('completed');
      const last = (await stage.messagesOf(pair.thread_id)).at(-1);
      expect([picturesIn(last), last?.attachments]).toEqual([[], []]);
      // Pictures of its own are not shown to a model: that they were shown to the user, it is told.
      expect(shownToModel(stage)).not.toContain('PNG');
    });

    test('that pictures become may be all that a message has', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      stage.model.script(calls([code('import matplotlib.pyplot as plt\nplt.plot([1, 2]);')]), text(''), text('As I have shown.'));

      const shown = await finished(stage, pair);
      const next = await finished(stage, pair);

      expect([shown.run.status, next.run.status]).toEqual(['completed', 'completed']);
      expect(picturesIn(shown.message)).toEqual(shown.steps.flatMap(imagesOf));
      expect(picturesIn(shown.message)).toHaveLength(1);
      expect(textOf(next.message)).toBe('As I have shown.');
    });
  });
}
