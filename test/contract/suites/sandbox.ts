/** What every sandbox must do: execute code as a notebook does, keep what a session has, hand files in and out. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { MOST_LOG_BYTES, type Execution, type Sandbox, SandboxFileError, SessionGoneError } from '../../../shared/ports/sandbox.ts';
import { failureOf } from './stage.ts';

/** `tellsAtEnd`: what code writes is told when it has ended, and of code that was ended nothing. */
export function describeSandbox(name: string, sandboxNow: () => Sandbox, { tellsAtEnd = false } = {}): void {
  describe(`${name}: sandbox`, () => {
    const stage = { sandbox: undefined as Sandbox | undefined, session: '' };
    beforeEach(async () => {
      stage.sandbox = sandboxNow();
      stage.session = await stage.sandbox.open();
    });
    const on: On = {
      tellsAtEnd,
      sandbox: () => stage.sandbox ?? sandboxNow(),
      session: () => stage.session,
      run: (code, options) => on.sandbox().execute(stage.session, code, options),
      put: (path, text) => on.sandbox().put(stage.session, path, streamOf(text)),
      text: async (path) => {
        const found = await on.sandbox().read(stage.session, path);
        if (!found) return undefined;
        const text = await new Response(found.body).text();
        expect(Buffer.byteLength(text)).toBe(found.bytes);
        return text;
      },
    };
    describe('execution', () => describeExecution(on));
    describe('sessions', () => describeSessions(on));
    describe('files', () => describeFiles(on));
  });
}

interface On {
  tellsAtEnd: boolean;
  sandbox: () => Sandbox;
  session: () => string;
  run: (code: string, options?: Parameters<Sandbox['execute']>[2]) => Promise<Execution>;
  put: (path: string, text: string) => Promise<void>;
  /** Undefined when there is no such file. */
  text: (path: string) => Promise<string | undefined>;
}

const streamOf = (text: string): ReadableStream<Uint8Array> => new Blob([text]).stream();

const ended = (execution: Partial<Execution>): Execution => ({ outcome: 'ok', logs: '', images: [], files: [], isOver: false, ...execution });

function describeExecution({ run, tellsAtEnd }: On): void {
  it.each([
    ['1 + 1', '2\n'],
    ['x = 3\nx * 2', '6\n'],
    ['"text"', "'text'\n"],
    ['1 + 1;', ''],
    ['None', ''],
    ['', ''],
    ['# nothing', ''],
    ['print("a"); 5', 'a\n5\n'],
    ['for n in range(3):\n  n', ''],
    ['def f():\n  return 1', ''],
    ['display(1, [2])', '1\n[2]\n'],
    ['print("é 😀 \\ud83d \\x00.")', 'é 😀 \\ud83d \uFFFD.\n'],
    ['__name__', "'__main__'\n"],
    ['import os; os.path.samefile(os.getcwd(), "/mnt/data")', 'True\n'],
  ])('shows of %j the value of the last expression', async (code, logs) => {
    expect(await run(code)).toEqual(ended({ logs }));
  });

  it('keeps stdout and stderr in order, also those of children', async () => {
    const code = 'import sys, os, subprocess\nprint("1")\nsys.stderr.write("2\\n")\nsubprocess.run(["echo", "3"])\nos.write(2, b"4\\n")\nprint("5", end="")\nos.system("echo 6")\nprint("7")';
    expect((await run(code)).logs).toBe('1\n2\n3\n4\n56\n7\n');
  });

  it('tells an exception by its traceback, after what was printed, and goes on with the session', async () => {
    const { outcome, logs, isOver } = await run('print("before")\ndef divide(a, b):\n  return a / b\ndivide(1, 0)');
    expect({ outcome, isOver }).toEqual({ outcome: 'error', isOver: false });
    expect(logs).toMatch(/^before\nTraceback \(most recent call last\):\n {2}File "<cell 1>", line 4, in <module>\n {4}divide\(1, 0\)\n {2}File "<cell 1>", line 3, in divide\n {4}return a \/ b\n[^]*ZeroDivisionError: division by zero\n$/);
    expect(await run('divide(1, 2)')).toEqual(ended({ logs: '0.5\n' }));
  });

  it('tells of code that is not Python where it goes wrong, and of none of our own frames', async () => {
    const { outcome, logs } = await run('ok = 1\nif True\n  ok = 2');
    expect(outcome).toBe('error');
    expect(logs).toMatch(/^ {2}File "<cell 1>", line 2\n[^]*SyntaxError: /);
    expect(logs).not.toMatch(/notebook|supervisor/);
    expect((await run('ok')).logs).toMatch(/NameError/);
  });

  it.each(['import sys; sys.exit()', 'exit()', 'raise SystemExit'])('takes %s as the end of the code alone', async (code) => {
    await run('kept = 1');
    expect((await run(code)).outcome).toBe('ok');
    expect((await run('import sys; sys.exit("no")')).logs).toBe('SystemExit: no\n');
    expect(await run('kept')).toEqual(ended({ logs: '1\n' }));
  });

  it('interrupts code that takes too long, and goes on with the session', async () => {
    await run('kept = 1');
    const { outcome, logs, isOver } = await run('print("begun")\nimport time\nwhile True: time.sleep(1)', { timeoutMs: 300 });
    expect({ outcome, isOver }).toEqual({ outcome: 'timed_out', isOver: false });
    expect(logs).toMatch(/^begun\n[^]*KeyboardInterrupt\n$/);
    expect((await run('kept')).logs).toBe('1\n');
  });

  it('stops when the signal says so, with its reason', async () => {
    const stopping = new AbortController();
    const reason = new Error('enough');
    const running = failureOf(run('print("begun", flush=True)\nimport time; time.sleep(60)', { signal: stopping.signal, onLogs: () => stopping.abort(reason) }));
    if (tellsAtEnd) setImmediate(() => stopping.abort(reason));
    expect(await running).toBe(reason);
    expect(await failureOf(run('1', { signal: stopping.signal }))).toBe(reason);
  });

  it('tells the logs as they come, and the same at the end', async () => {
    const pieces: string[] = [];
    const { logs } = await run('import time\nfor n in range(3):\n  print(n, "ü")\n  time.sleep(0.05)\n1/0', { onLogs: (text) => pieces.push(text) });
    expect(pieces.join('')).toBe(logs);
  });

  it('keeps of very much output the beginning and the end, and says how much is missing', async () => {
    const { outcome, logs } = await run('print("first")\nfor n in range(60000): print("ü" * 9, n)\nraise ValueError("last")');
    expect(outcome).toBe('error');
    expect(Buffer.byteLength(logs)).toBeLessThan(MOST_LOG_BYTES + 200);
    expect(logs).toMatch(/^first\n[^]*\n\[… \d{6,} bytes of output left out …\]\n[^]*ValueError: last\n$/);
    expect(logs.isWellFormed()).toBe(true);
  });
}

function describeSessions({ run, sandbox, session, text, tellsAtEnd }: On): void {
  it('have their own variables and files', async () => {
    await run('mine = 1; open("mine.txt", "w").write("x");');
    const other = await sandbox().open();
    expect((await sandbox().execute(other, 'import os; print(os.listdir()); mine')).logs).toMatch(/^\[\]\n[^]*NameError/);
    expect(await sandbox().read(other, 'mine.txt')).toBeUndefined();
    expect(await text('mine.txt')).toBe('x');
  });

  it('do what is asked of them one after the other', async () => {
    await run('import time; order = []');
    const all = ['time.sleep(0.2); order.append(1)', 'order.append(2)', 'order'].map((code) => run(code));
    expect((await Promise.all(all)).at(-1)?.logs).toBe('[1, 2]\n');
  });

  it('are gone when they are closed, once and again', async () => {
    await sandbox().close(session());
    await sandbox().close(session());
    await sandbox().close('never');
    const asked = [run('1'), text('x'), sandbox().put(session(), 'x', streamOf('')), sandbox().execute('never', '1')].map(failureOf);
    for (const failure of await Promise.all(asked)) expect(failure).toBeInstanceOf(SessionGoneError);
  });

  it('end with code that cannot be stopped, and say so', async () => {
    const code = 'import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nprint("mine", flush=True)\nwhile True: pass';
    expect(await run(code, { timeoutMs: 300 })).toEqual(ended({ outcome: 'timed_out', logs: tellsAtEnd ? '' : 'mine\n', isOver: true }));
    expect(await failureOf(run('1'))).toBeInstanceOf(SessionGoneError);
  });

  it('end with their interpreter, and say so', async () => {
    expect(await run('import os; os.write(1, b"bye"); os._exit(0)')).toEqual(ended({ outcome: 'killed', logs: tellsAtEnd ? '' : 'bye', isOver: true }));
    expect(await failureOf(run('1'))).toBeInstanceOf(SessionGoneError);
  });
}

function describeFiles({ run, put, text, sandbox, session }: On): void {
  it('are found under /mnt/data, and what the code changes is told and read', async () => {
    await put('in.txt', 'hello');
    await put('folder/other.txt', 'there');
    expect(await run('print(open("/mnt/data/in.txt").read(), open("folder/other.txt").read())')).toEqual(ended({ logs: 'hello there\n' }));
    const { files } = await run('import os\nopen("/mnt/data/b.txt", "w").write("ü")\nopen("in.txt", "a").write("!")\nos.mkdir("made")\nopen("made/a b.txt", "w").close()');
    expect(files).toEqual([{ path: 'b.txt', bytes: 2 }, { path: 'in.txt', bytes: 6 }, { path: 'made/a b.txt', bytes: 0 }]);
    expect([await text('b.txt'), await text('in.txt'), await text('made/a b.txt')]).toEqual(['ü', 'hello!', '']);
    expect((await run('1')).files).toEqual([]);
  });

  it('keep names of any language, with spaces that are none of ASCII', async () => {
    const names = ['\u6708\u3000\u5831.csv', 'a\u00a0b.csv', 'c\u202fd.csv'].sort();
    const { files, logs } = await run(`for name in ${JSON.stringify(names)}: open(name, "w").write("x");`);
    expect({ files: files.map(({ path }) => path).sort(), logs }).toEqual({ files: names, logs: '' });
    for (const name of names) expect(await text(name)).toBe('x');
  });

  it('whose names cannot be kept are left out, and the logs say so', async () => {
    const { files, logs } = await run('for name in ("plain.txt", "a\\nb", b"c\\xff"): open(name, "w").write("x")\nprint("done")');
    expect({ files, logs }).toEqual({ files: [{ path: 'plain.txt', bytes: 1 }], logs: expect.stringMatching(/^done\n\n\[2 of the files and folders could not be kept: .*\]\n$/) as unknown });
  });

  it('are told when the code fails after having written them', async () => {
    expect(await run('open("half.txt", "w").write("half")\n1/0')).toMatchObject({ outcome: 'error', files: [{ path: 'half.txt', bytes: 4 }] });
  });

  it('are replaced when put again, and not told then', async () => {
    await put('in.txt', 'long before');
    await put('in.txt', 'new');
    expect(await run('open("in.txt").read()')).toEqual(ended({ logs: "'new'\n" }));
  });

  it('of several megabytes go in and come out as they are', async () => {
    const large = 'ü123456789\n'.repeat(400_000);
    await put('large.txt', large);
    expect((await run('open("copy.txt", "w").write(open("large.txt").read())')).files).toEqual([{ path: 'copy.txt', bytes: Buffer.byteLength(large) }]);
    expect((await text('copy.txt')) === large).toBe(true);
  });

  it('need not be read to their end', async () => {
    await put('large.txt', 'x'.repeat(3_000_000));
    const found = await sandbox().read(session(), 'large.txt');
    await found?.body.cancel();
    expect((await run('1 + 1')).logs).toBe('2\n');
  });

  it('that are not there, or are none, are not read', async () => {
    await run('import os\nos.mkdir("folder"); os.symlink("/etc/passwd", "link"); os.mkfifo("pipe");');
    for (const path of ['none', 'none/x', 'folder', 'link', 'pipe', 'link/x']) expect(await text(path)).toBeUndefined();
  });

  it('have no path that leads out, or that nothing but a program would choose', async () => {
    for (const path of ['', '/', '..', '../x', 'a/../../x', '/etc/passwd', 'a//b', './a', 'a/.', 'a\u0000b', 'a\nb', '\u001b[2J', '\ud800', 'x'.repeat(256), 'a/'.repeat(8) + 'a']) {
      expect(await failureOf(put(path, 'x'))).toBeInstanceOf(SandboxFileError);
      expect(await failureOf(text(path))).toBeInstanceOf(SandboxFileError);
    }
  });

  it('that break off half-way are not there', async () => {
    const breaking = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        controller.enqueue(Buffer.from('half'));
        controller.error(new Error('broken off'));
      },
    });
    expect(await failureOf(sandbox().put(session(), 'half.txt', breaking))).toMatchObject({ message: 'broken off' });
    expect((await run('import os; os.listdir()')).logs).toBe('[]\n');
  });
}
