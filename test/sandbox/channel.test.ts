/** Code that turns on what watches it: its pipes, its processes, the signals and the clock between executions. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { MOST_IMAGES, MOST_IMAGE_BYTES, SessionGoneError } from '../../shared/ports/sandbox.ts';
import { eventually } from '../crash/crashable.ts';
import { alone, expectUnharmed, useSandbox } from './stage.ts';

const sandbox = useSandbox();
let before: string;
beforeAll(async () => {
  before = await sandbox.open();
  await sandbox.execute(before, "kept = 'kept'");
});

/** As the interpreter itself would send it. */
const FORGE = `
import json, os, struct
def forge(told, data=b'', room=None):
    text = json.dumps(told).encode() if isinstance(told, dict) else told
    os.write(240, struct.pack('>II', len(text), len(data) if room is None else room) + text + data)
`;

describe('what stdout says', () => {
  it.each([
    ['frames', "import os, struct; os.write(1, struct.pack('>II', 16, 0) + b'{\"event\":\"done\"}')", '\uFFFD\uFFFD\uFFFD\u0010\uFFFD\uFFFD\uFFFD\uFFFD{"event":"done"}8'],
    ['NUL', "print('a\\0b')", 'a\uFFFDb\n'],
    ['bytes that are no text', "import os; os.write(1, b'\\xff\\xfe\\xc3(\\n');", '\uFFFD\uFFFD\uFFFD(\n'],
    ['half a character at the end', "import os; os.write(1, b'\\xf0\\x9f');", '\uFFFD'],
    ['colours and cursors', "print('\\x1b[31mred\\x1b[2J')", '\u001b[31mred\u001b[2J\n'],
    ['lone surrogates', "print('\\ud800 \\udfff')", '\\ud800 \\udfff\n'],
  ])('is text and nothing else: %s', async (_, code, logs) => {
    expect(await alone(sandbox, code)).toMatchObject({ outcome: 'ok', logs: code.startsWith('import os, struct') ? expect.stringContaining('{"event":"done"}') as unknown : logs });
  });
});

describe('the pipe to the supervisor', () => {
  it.each([
    ['noise', "os.write(240, b'x' * 5000)"],
    ['an endless frame', 'forge({}, room=0xffffffff)'],
    ['JSON that is none', "forge(b'{')"],
    ['a list', "forge(b'[1]')"],
    ['depth', "forge(b'[' * 9000)"],
    ['a picture that is too large', `forge({'event': 'image'}, room=${MOST_IMAGE_BYTES + 1})`],
    ['its end', 'os.close(240)'],
    ['the end of everything', 'os.closerange(0, 256)'],
  ])('ends the session when it brings %s', async (_, code) => {
    expect(await alone(sandbox, `${FORGE}${code}\nimport time; time.sleep(0.2)`)).toMatchObject({ outcome: 'killed', isOver: true, files: [], images: [] });
  });

  it('can be lied to about an end, which then is one: nothing goes on after it, and no file is there that is not', async () => {
    const session = await sandbox.open();
    const forged = await sandbox.execute(session, `${FORGE}\nopen('true.txt', 'w').close()\nforge({'event': 'done', 'outcome': 'ok', 'over': False, 'files': [{'path': '/etc/shadow', 'bytes': 1}]})\nimport time\nwhile True: time.sleep(0.001)`);
    expect(forged).toEqual({ outcome: 'ok', logs: '', images: [], files: [{ path: 'true.txt', bytes: 0 }], isOver: false });
    expect(await sandbox.execute(session, '1', { timeoutMs: 200 })).toMatchObject({ outcome: 'timed_out' });
    await sandbox.close(session);
  });

  it('brings no pictures that are none, and no more than may be', async () => {
    const { images } = await alone(sandbox, `${FORGE}\nfor n in range(60): forge({'event': 'image'}, b'\\x89PNG\\r\\n\\x1a\\n' + b'x' * 100)\nforge({'event': 'image'}, b'GIF89a')`);
    expect(images).toHaveLength(MOST_IMAGES);
    expect((await alone(sandbox, `${FORGE}\nforge({'event': 'image'}, b'<svg/>')\nforge({'event': 'unheard of'})`)).images).toEqual([]);
    const { logs, images: few } = await alone(sandbox, "class Picture:\n  def _repr_png_(self): return b'\\x89PNG\\r\\n\\x1a\\n' + b'x' * 3_000_000\nfor n in range(5): display(Picture())");
    expect([few.length, logs.split('\n').filter((line) => line.includes('left out')).length]).toEqual([2, 3]);
  });
});

describe('the supervisor', () => {
  it('cannot be signalled, opened, traced or read', async () => {
    const code = `
import os, signal
for number in sorted(set(signal.valid_signals()) - {0}):
    os.kill(1, number)
for name in ('fd', 'mem', 'maps', 'environ', 'cwd', 'root', 'exe'):
    try:
        path = '/proc/1/' + name
        os.listdir(path) if name in ('fd', 'root', 'cwd') else os.readlink(path) if name == 'exe' else open(path, 'rb').read(1)
        print('READ', name)
    except PermissionError: pass
print('done')`;
    expect(await alone(sandbox, code)).toMatchObject({ outcome: 'ok', logs: 'done\n' });
  });

  it('is not fooled by a fork that runs on', async () => {
    const { logs, outcome } = await alone(sandbox, 'import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nprint("once" if pid else "child")');
    expect({ logs, outcome }).toEqual({ logs: 'child\nonce\n', outcome: 'ok' });
  });
});

describe('the interpreter', () => {
  it.each([
    ['kills itself', 'import os; os.kill(os.getpid(), 9)'],
    ['aborts', 'import os; os.abort()'],
    ['reads address 0', 'import ctypes; ctypes.string_at(0)'],
    ['leaves from within an error', 'import os\nclass Sly(Exception):\n  def __str__(self): os._exit(0)\nraise Sly'],
    ['sets an alarm', 'import signal, time; signal.setitimer(signal.ITIMER_REAL, 0.05); time.sleep(9)'],
    ['recurses in C', "import sys; sys.setrecursionlimit(10**9); x = ()\nfor n in range(10**6): x = (x,)\nrepr(x)"],
  ])('ends the session alone when it %s', async (_, code) => {
    expect(await alone(sandbox, code)).toMatchObject({ outcome: 'killed', isOver: true });
  });

  it.each([
    ['recursion', 'def f(): f()\nf()', /RecursionError/],
    ['a value that cannot be shown', "class Shy:\n  def __repr__(self): raise RuntimeError('shy')\nShy()", /RuntimeError: shy\n$/],
    ['an error that cannot be told', "class Odd(Exception):\n  def __str__(self): raise ValueError\nraise Odd", /Odd: <exception str\(\) failed>\n$/],
    ['an error that is none', 'raise BaseException("base")', /BaseException: base\n$/],
    ['an interrupt of its own', 'raise KeyboardInterrupt', /KeyboardInterrupt\n$/],
    ['no stdout', 'import sys; sys.stdout = None; 1/0', /ZeroDivisionError/],
    ['a chain of errors', 'try: 1/0\nexcept Exception as e: raise ValueError("second") from e', /ZeroDivisionError[^]*direct cause[^]*ValueError: second\n$/],
    ['too many open files', "files = []\nwhile True: files.append(open('/dev/null'))", /Too many open files/],
  ])('tells of %s, and lives', async (_, code, logs) => {
    const session = await sandbox.open();
    const told = await sandbox.execute(session, code);
    expect(told).toMatchObject({ outcome: 'error', isOver: false, logs: expect.stringMatching(logs) as unknown });
    expect((await sandbox.execute(session, '1 + 1')).logs).toBe('2\n');
    await sandbox.close(session);
  });
});

describe('between executions', () => {
  it('nothing goes on, and then everything does', async () => {
    const session = await sandbox.open();
    const watch = 'import threading, time\nseen = [time.monotonic()]\ndef look():\n  while True:\n    seen.append(time.monotonic()); time.sleep(0.002)\nthreading.Thread(target=look, daemon=True).start()\ntime.sleep(0.05)\nlen(seen) > 5';
    expect((await sandbox.execute(session, watch)).logs).toBe('True\n');
    const idle = performance.now();
    await alone(sandbox, 'import time; time.sleep(0.3)');
    const idleMs = performance.now() - idle;
    const { logs } = await sandbox.execute(session, 'time.sleep(0.05); print(1000 * max(b - a for a, b in zip(seen, seen[1:])), time.monotonic() - seen[-1] < 0.5)');
    const [longest, goesOn] = logs.trim().split(' ');
    expect(Number(longest)).toBeGreaterThan(idleMs - 50);
    expect(goesOn).toBe('True');
    await sandbox.close(session);
  });

  it('whoever has himself woken ends his session', async () => {
    const session = await sandbox.open();
    const wake = 'import ctypes, signal, struct\nlibc = ctypes.CDLL(None)\nid = ctypes.c_void_p()\nprint(libc.timer_create(1, struct.pack("qii48x", 0, signal.SIGCONT, 0), ctypes.byref(id)), libc.timer_settime(id, 0, struct.pack("qqqq", 0, 20_000_000, 0, 20_000_000), None))';
    expect((await sandbox.execute(session, wake)).logs).toBe('0 0\n');
    await eventually('the session is over', async () => sandbox.read(session, 'x').then(() => undefined, (error: unknown) => (error instanceof SessionGoneError ? true : undefined)));
  });
});

it('nobody else has been harmed by any of this', () => expectUnharmed(sandbox, before));
