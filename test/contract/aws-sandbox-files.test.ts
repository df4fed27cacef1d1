/** Files and the data folder in sessions of AgentCore, which works in a folder of its own and takes nothing large at once. */
import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../shared/domain/clock.ts';
import { DATA_FOLDER, MOST_CHANGED_FILES, MOST_SANDBOX_FILE_BYTES, SandboxFileError, SandboxUnavailableError, SessionGoneError } from '../../shared/ports/sandbox.ts';
import { type SandboxStage, streamOf, useSandbox } from './aws-sandbox-stage.ts';
import { describeSandbox } from './suites/sandbox.ts';
import { failureOf } from './suites/stage.ts';

const MB = 1024 * 1024;
const sha256 = (content: Uint8Array | undefined) => content && createHash('sha256').update(content).digest('hex');
/** To be yielded piece by piece, so that no test holds a file that is too large. */
function* zeros(bytes: number): Generator<Uint8Array> {
  const piece = new Uint8Array(MB);
  for (let left = bytes; left > 0; left -= MB) yield left < MB ? piece.subarray(0, left) : piece;
}

describe('files', () => {
  const stage = useSandbox();

  it.each([
    ['of several pieces', randomBytes(5 * MB + 3)],
    ['of one piece exactly', randomBytes(2 * MB)],
    ['that look like text', Buffer.from('\uFEFFa,b\r\n1,é\r\n')],
    ['that are none', Buffer.from([0xff, 0, 0x80, 0x0a])],
    ['that are empty', Buffer.alloc(0)],
  ])('%s go in and come out as they were', async (_, content) => {
    const session = await stage.sandbox.open();
    await stage.put(session, 'deep/er/päth.bin', content);
    const { logs, files } = await stage.run(`import hashlib; print(hashlib.sha256(open("${DATA_FOLDER}/deep/er/päth.bin", "rb").read()).hexdigest())`, session);
    expect([logs, files]).toEqual([`${sha256(content)}\n`, []]);
    expect(sha256(await stage.read(session, 'deep/er/päth.bin'))).toBe(sha256(content));
  });

  it('come in pieces of any size, and none is sent that is too large', async () => {
    const session = await stage.sandbox.open();
    await stage.sandbox.put(session, 'a', ReadableStream.from([randomBytes(MB), new Uint8Array(0), randomBytes(6 * MB), randomBytes(1)]));
    expect(stage.core.passed.filter(({ operation }) => operation === 'writeFiles').map(({ input }) => JSON.stringify(input).length < 3 * MB)).toEqual([true, true, true, true]);
    expect(await stage.sandbox.read(session, 'a')).toMatchObject({ bytes: 7 * MB + 1 });
  });

  it('that are put again replace what was there', async () => {
    const session = await stage.sandbox.open();
    await stage.put(session, 'a', 'one');
    await stage.put(session, 'a', 'another');
    expect(String(await stage.read(session, 'a'))).toBe('another');
  });

  it('are told when they are new or not as they were', async () => {
    const session = await stage.sandbox.open();
    await stage.put(session, 'given', 'a');
    await stage.put(session, 'changed', 'a');
    const { files } = await stage.run(`import os\nopen("changed", "w").write("bb")\nos.makedirs("sub")\nopen("sub/new", "w").write("ccc")\nos.symlink("given", "link")\nos.mkfifo("pipe")\nopen("a\\nb", "w")`, session);
    expect(files).toEqual([
      { path: 'changed', bytes: 2 },
      { path: 'sub/new', bytes: 3 },
    ]);
    expect((await stage.run('open("sub/new").read()', session)).files).toEqual([]);
  });

  it('are not told without end', async () => {
    const { files } = await stage.run('for n in range(3000): open("%05d" % n, "w")');
    expect(files).toHaveLength(MOST_CHANGED_FILES);
  });

  it.each(['../up', '/etc/passwd', 'a//b', 'a/./b', '', 'a\nb'])('have no path like %j', async (path) => {
    const session = await stage.sandbox.open();
    await expect(stage.put(session, path, 'a')).rejects.toBeInstanceOf(SandboxFileError);
    await expect(stage.sandbox.read(session, path)).rejects.toBeInstanceOf(SandboxFileError);
    expect(stage.core.count('writeFiles')).toBe(0);
  });

  it('are neither folders, links, pipes nor absent', async () => {
    const session = await stage.sandbox.open();
    await stage.run('import os\nos.mkdir("folder")\nopen("real", "w").write("real")\nos.symlink("real", "link")\nos.mkfifo("pipe")', session);
    for (const path of ['folder', 'link', 'pipe', 'absent', 'folder/absent']) expect([path, await stage.sandbox.read(session, path)]).toEqual([path, undefined]);
    await stage.put(session, 'link', 'a file now');
    expect([String(await stage.read(session, 'link')), String(await stage.read(session, 'real'))]).toEqual(['a file now', 'real']);
  });

  it('cannot be put where a folder is, or into a file', async () => {
    const session = await stage.sandbox.open();
    await stage.run('import os; os.mkdir("folder"); open("file", "w")', session);
    for (const path of ['folder', 'file/below']) await expect(stage.put(session, path, 'a')).rejects.toEqual(new SandboxFileError(`/mnt/data/${path} cannot be written: there is something else in its place`));
    expect((await stage.run('import glob; glob.glob("/opt/amazon/genesis1p-tools/var/threadkeep/*")', session)).logs).toBe('[]\n');
  });

  it('that are too large neither go in nor come out', async () => {
    const session = await stage.sandbox.open();
    stage.core.plan('writeFiles', { say: { content: [], isError: false } }, 50);
    await expect(stage.sandbox.put(session, 'big', ReadableStream.from(zeros(MOST_SANDBOX_FILE_BYTES + 1)))).rejects.toBeInstanceOf(SandboxFileError);
    stage.core.forget('writeFiles');
    await stage.run(`open("large", "wb").truncate(${MOST_SANDBOX_FILE_BYTES + 1})`, session);
    await expect(stage.sandbox.read(session, 'large')).rejects.toBeInstanceOf(SandboxFileError);
  });

  it('fail to come out when they have changed on the way', async () => {
    const session = await stage.sandbox.open();
    await stage.put(session, 'a', randomBytes(3 * MB));
    const found = await stage.sandbox.read(session, 'a');
    await stage.run('open("a", "r+b").write(b"as many")', session);
    await expect(new Response(found?.body).arrayBuffer()).rejects.toThrow('the file has changed while it was read');
  });

  it('fail to come out when the session ends on the way', async () => {
    const session = await stage.sandbox.open();
    await stage.put(session, 'a', randomBytes(3 * MB));
    const found = await stage.sandbox.read(session, 'a');
    await stage.sandbox.close(session);
    await expect(new Response(found?.body).arrayBuffer()).rejects.toBeInstanceOf(SessionGoneError);
  });

  it('that the service turns away, fails at or loses for a while arrive', async () => {
    const session = await stage.sandbox.open();
    for (const trouble of [{ refuse: 'ThrottlingException' }, { refuse: 'InternalServerException' }, 'lose', 'cut'] as const) stage.core.plan('writeFiles', trouble);
    await stage.put(session, 'a', 'a');
    expect([stage.core.count('writeFiles'), String(await stage.read(session, 'a'))]).toEqual([5, 'a']);
  });

  it('that the service does not keep are an error for the operator', async () => {
    const session = await stage.sandbox.open();
    stage.core.plan('writeFiles', { say: { content: [], isError: false } });
    const failure = await failureOf(stage.put(session, 'a', 'a'));
    expect(failure).toBeInstanceOf(SandboxUnavailableError);
    expect(failure).toMatchObject({ message: expect.stringMatching(/has not kept a file as it was sent: missing/) });
  });

  const STAGED = 'import glob; glob.glob("/opt/amazon/genesis1p-tools/var/threadkeep/*")';

  it('that the session does not take are told, not tried again, and leave nothing behind', async () => {
    const session = await stage.sandbox.open();
    stage.core.plan('writeFiles', { before: () => undefined });
    stage.core.plan('writeFiles', { say: { content: [{ type: 'text', text: 'No space left' }], isError: true } });
    expect(await failureOf(stage.put(session, 'a', randomBytes(5 * MB)))).toEqual(new SandboxFileError('the session has not taken it: No space left'));
    expect(stage.core.count('writeFiles')).toBe(2);
    expect((await stage.run(STAGED, session)).logs).toBe('[]\n');
  });

  it('that find no room when they are put together are told, and leave nothing behind', async () => {
    const session = await stage.sandbox.open();
    await stage.run('import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (1_000_000, r.getrlimit(r.RLIMIT_FSIZE)[1]))', session);
    expect(await failureOf(stage.put(session, 'a', randomBytes(5 * MB)))).toEqual(new SandboxFileError('there is no room for /mnt/data/a'));
    expect((await stage.run(STAGED, session)).logs).toBe('[]\n');
  });
});

describe('files of a service that makes its own of text', () => {
  const stage = useSandbox({ altersText: true });

  it('do not arrive altered', async () => {
    const session = await stage.sandbox.open();
    await expect(stage.put(session, 'a.csv', 'a\r\nb')).rejects.toThrow('has not kept a file as it was sent: altered');
    expect(await stage.read(session, 'a.csv')).toBeUndefined();
  });
});

/** Each prints `ok` when what it uses has taken the data folder for what it is. */
const USES = {
  open: 'open("/mnt/data/a.txt", "w").write("1")\nprint("ok" if open("/mnt/data/a.txt").read() == open("a.txt").read() == "1" else "no")',
  pathlib: 'from pathlib import Path\nPath("/mnt/data/p/q").mkdir(parents=True)\nPath("/mnt/data/p/q/r").write_text("1")\nprint("ok" if [str(p) for p in Path("/mnt/data").rglob("r")] == ["/mnt/data/p/q/r"] and Path("p/q/r").resolve() == Path("/mnt/data/p/q/r") else "no")',
  os: 'import os\nos.makedirs("/mnt/data/x/y")\nos.rename("/mnt/data/x/y", "/mnt/data/x/z")\nprint("ok" if os.getcwd() == "/mnt/data" and os.listdir("/mnt/data") == ["x"] and [f for f, _, _ in os.walk("/mnt/data")] == ["/mnt/data", "/mnt/data/x", "/mnt/data/x/z"] else "no")',
  shutil: 'import shutil, os\nos.mkdir("/mnt/data/d"); open("/mnt/data/d/f", "w")\nshutil.copytree("/mnt/data/d", "/mnt/data/e"); shutil.make_archive("/mnt/data/all", "zip", "/mnt/data/d"); shutil.rmtree("/mnt/data/d")\nprint("ok" if sorted(os.listdir("/mnt/data")) == ["all.zip", "e"] else "no")',
  'a shell': 'import subprocess, os\nopen("/mnt/data/a b", "w").write("ok")\nos.system("cat \'/mnt/data/a b\'")\nassert subprocess.check_output(["cat", "/mnt/data/a b"], cwd="/mnt/data") == b"ok"',
  'the path in bytes, and paths that are like it': 'import os\nopen(b"/mnt/data/b", "w")\nassert os.listdir(b"/mnt/data") == [b"b"]\nprint("ok" if not os.path.exists("/mnt/database") and os.path.exists("/mnt/data/") else "no")',
  'an error': 'try: open("/mnt/data/none")\nexcept OSError as error: print("ok" if "/mnt/data/none" in str(error) and "genesis" not in str(error) or error.filename.endswith("/mnt/data/none") else error)',
  sqlite3: 'import sqlite3, os\nsqlite3.connect("/mnt/data/x.db").execute("create table t (c)")\nprint("ok" if os.path.getsize("/mnt/data/x.db") > 0 else "no")',
  pandas: 'import pandas as pd\npd.DataFrame({"a": [1, 2]}).to_csv("/mnt/data/a.csv", index=False)\nprint("ok" if pd.read_csv("/mnt/data/a.csv").a.sum() == 3 else "no")',
  numpy: 'import numpy as np\nnp.save("/mnt/data/a.npy", np.arange(3)); np.savetxt("/mnt/data/a.txt", np.arange(3)); np.arange(3).tofile("/mnt/data/a.bin")\nprint("ok" if np.load("/mnt/data/a.npy").sum() == np.loadtxt("/mnt/data/a.txt").sum() == np.fromfile("/mnt/data/a.bin", dtype=int).sum() else "no")',
  'matplotlib and PIL': 'import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.savefig("/mnt/data/p.png"); plt.close()\nfrom PIL import Image\nprint("ok" if Image.open("/mnt/data/p.png").width > 100 else "no")',
  zipfile: 'import zipfile\nwith zipfile.ZipFile("/mnt/data/z.zip", "w") as z: z.writestr("a", "ok")\nprint(zipfile.ZipFile("/mnt/data/z.zip").read("a").decode())',
};

const describeDataFolder = (stage: SandboxStage, uses: string[]): void => {
  it.each(uses)('is where code looks for it with %s', async (name) => {
    const { logs, outcome } = await stage.run(USES[name as keyof typeof USES]);
    expect({ outcome, logs: logs.trimEnd() }).toEqual({ outcome: 'ok', logs: 'ok' });
  });

  it('holds what is put there, and stands in tracebacks by the name that the code knows', async () => {
    const session = await stage.sandbox.open();
    await stage.sandbox.put(session, 'given.txt', streamOf('given'));
    expect(await stage.run('print(open("/mnt/data/given.txt").read())\nopen("/mnt/data/none")', session)).toMatchObject({
      outcome: 'error',
      logs: 'given\nTraceback (most recent call last):\n  File "<cell 1>", line 2, in <module>\n    open("/mnt/data/none")\nFileNotFoundError: [Errno 2] No such file or directory: \'/mnt/data/none\'\n',
    });
  });
};

describe('code that is not executed in the main thread', () => {
  const stage = useSandbox({ runsAside: true });

  it('is interrupted all the same', async () => {
    const session = await stage.sandbox.open();
    const late = await stage.sandbox.execute(session, 'x = 1\nprint("begun")\nwhile True: pass', { timeoutMs: 300 });
    expect(late).toMatchObject({ outcome: 'timed_out', isOver: false, logs: expect.stringMatching(/^begun\nTraceback [^]*\nKeyboardInterrupt\n$/) });
    expect((await stage.run('x', session)).logs).toBe('1\n');
  });
});

describe('what every sandbox does', () => {
  const stage = useSandbox({ clock: systemClock });
  describeSandbox('AWS', () => stage.sandbox, { tellsAtEnd: true });
});

describe('the data folder, where nobody may make one', () => describeDataFolder(useSandbox(), Object.keys(USES)));
describe('the data folder, where it can be made', () => describeDataFolder(useSandbox({ isRoomy: true }), ['open', 'os', 'a shell']));
