/** Code that takes too much: time, memory, processes, disk, output. */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { MOST_CHANGED_FILES, MOST_LOG_BYTES, SandboxFileError } from '../../shared/ports/sandbox.ts';
import { failureOf } from '../contract/suites/stage.ts';
import { MB, alone, expectUnharmed, useSandbox } from './stage.ts';

const sandbox = useSandbox();
let before: string;
beforeAll(async () => {
  before = await sandbox.open();
  await sandbox.execute(before, "kept = 'kept'");
});

describe('time', () => {
  it.each([
    ['a loop', 'while True: pass'],
    ['sleep', 'import time; time.sleep(100)'],
    ['a child', 'import subprocess; subprocess.run(["sleep", "100"])'],
    ['a shell', 'import os; os.system("sleep 100")'],
    ['a lock', 'import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()'],
    ['a pipe that nobody reads', "import os; reading, writing = os.pipe()\nwhile True: os.write(writing, b'x' * 4096)"],
  ])('ends %s, and the session lives', async (_, code) => {
    const session = await sandbox.open();
    expect(await sandbox.execute(session, code, { timeoutMs: 200 })).toMatchObject({ outcome: 'timed_out', isOver: false });
    expect((await sandbox.execute(session, '1 + 1')).logs).toBe('2\n');
    await sandbox.close(session);
  });

  it.each([
    ['catches everything', 'import time\nwhile True:\n  try: time.sleep(100)\n  except: pass'],
    ['ignores the interrupt', 'import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(100)'],
    ['blocks it', 'import signal, time; signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()); time.sleep(100)'],
    // Looks for no signal in a loop of its own.
    ['is deep in C', 'sum(range(10**12))'],
  ])('ends the session of code that %s', async (_, code) => {
    // On a busy machine it takes a while until the code is where it cannot be stopped.
    expect(await alone(sandbox, code, { timeoutMs: 1_000 })).toMatchObject({ outcome: 'timed_out', isOver: true });
  });
});

describe('memory', () => {
  it('that is asked for at once is refused, and the session lives', async () => {
    const session = await sandbox.open();
    expect(await sandbox.execute(session, `x = bytearray(${300 * MB})`)).toMatchObject({ outcome: 'error', logs: expect.stringMatching(/MemoryError\n$/) as unknown, isOver: false });
    expect(await sandbox.execute(session, 'y = []\nwhile True: y.append(bytearray(1_000_000))')).toMatchObject({ outcome: 'error', logs: expect.stringMatching(/MemoryError\n$/) as unknown });
    expect((await sandbox.execute(session, 'del y; 1 + 1')).logs).toBe('2\n');
    await sandbox.close(session);
  });

  it.each([
    ['many processes', `import subprocess, sys\ncode = 'x = bytearray(${80 * MB})\\nfor at in range(0, len(x), 4096): x[at] = 1\\nimport time; time.sleep(60)'\nall = [subprocess.Popen([sys.executable, '-c', code]) for _ in range(4)]\nfor child in all: child.wait()`],
    ['forks that write', `import os, time\nx = bytearray(${80 * MB})\nfor _ in range(4):\n  if os.fork() == 0:\n    for at in range(0, len(x), 4096): x[at] = 2\n    time.sleep(60)\ntime.sleep(60)`],
    ['the queues of sockets', "import os, socket, time\nkept = []\nfor _ in range(10):\n  if os.fork() == 0:\n    for _ in range(100):\n      pair = socket.socketpair(); kept.append(pair); pair[0].setblocking(False)\n      try:\n        while True: pair[0].send(b'x' * 65536)\n      except BlockingIOError: pass\n    time.sleep(60)\ntime.sleep(60)"],
  ])('is counted together: %s', async (_, code) => {
    expect(await alone(sandbox, code)).toMatchObject({ outcome: 'out_of_memory', isOver: true });
  });

  // Each process would hold next to nothing by itself, and the pages would stay.
  it.each([
    ['a shared mapping', 'mmap.mmap(-1, size)', /PermissionError/],
    ['one that is checked', 'mmap.mmap(-1, size, flags=0x23)', /PermissionError/],
    ['one of /dev/zero', "mmap.mmap(os.open('/dev/zero', os.O_RDWR), size)", /FileNotFoundError/],
  ])('is not had where no process is seen to have it: %s', async (_, mapping, refusal) => {
    const code = `import ctypes, mmap, os\nsize = ${40 * MB}\nfor n in range(8):\n  x = ${mapping}\n  for at in range(0, size, 4096): x[at] = 1\n`;
    for (const letGo of ['  x.madvise(mmap.MADV_DONTNEED)', '  ctypes.CDLL(None).munmap(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(x)) + 4096), ctypes.c_size_t(size - 4096))']) {
      expect(await alone(sandbox, `kept = []\n${code}${letGo}\n  kept.append(x)`)).toMatchObject({ outcome: 'error', logs: expect.stringMatching(refusal) as unknown, isOver: false });
    }
  });

  it.each([
    ['at once', 'children = [os.fork() for _ in range(2)]\nif 0 in children: time.sleep(0.2); os._exit(0)\ntime.sleep(0.2)'],
    ['one after the other, each of which ends while it is looked at', 'for _ in range(200):\n  if os.fork() == 0: time.sleep(0.01); os._exit(0)\n  os.wait()'],
  ])('that processes share counts once: %s', async (_, forks) => {
    const code = `import os, time\nx = bytearray(${100 * MB})\nfor at in range(0, len(x), 4096): x[at] = 1\n${forks}\nprint('fine')`;
    expect((await alone(sandbox, code)).logs).toBe('fine\n');
  });
});

describe('processes', () => {
  it.each([
    ['forks', 'import os\nwhile True: os.fork()'],
    ['threads', 'import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()'],
    ['children', 'import subprocess\nwhile True: subprocess.Popen(["sleep", "60"])'],
  ])('are bounded: %s', async (_, code) => {
    const { outcome, logs } = await alone(sandbox, code, { timeoutMs: 5_000 });
    expect(outcome).toMatch(/error|timed_out/);
    expect(logs).toMatch(/Resource temporarily unavailable|can't start new thread/);
  });

  it('of a bomb that never gives up go with it', async () => {
    const code = 'import os, signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True:\n  try: os.fork()\n  except OSError: pass';
    expect(await alone(sandbox, code, { timeoutMs: 300 })).toMatchObject({ outcome: 'timed_out', isOver: true });
  });
});

describe('disk', () => {
  it.each([
    ['one file', "f = open('big', 'wb')\nwhile True: f.write(b'x' * 1_000_000)"],
    ['/tmp, which is the same', "f = open('/tmp/big', 'wb')\nwhile True: f.write(b'x' * 1_000_000)"],
    ['shared memory', "f = open('/dev/shm/big', 'wb')\nwhile True: f.write(b'x' * 1_000_000)"],
    ['what a small archive holds', "import io, zipfile\nf = io.BytesIO()\nwith zipfile.ZipFile(f, 'w', zipfile.ZIP_DEFLATED) as z:\n  for n in range(8): z.writestr('%d' % n, bytes(16_000_000))\nprint(len(f.getvalue()) < 1_000_000)\nzipfile.ZipFile(f).extractall()"],
  ])('is bounded: %s', async (_, code) => {
    expect(await alone(sandbox, code)).toMatchObject({ outcome: 'error', isOver: false, logs: expect.stringMatching(/No space left on device/) as unknown });
  });

  it.each([
    ['files', "for n in range(10**6): open('f%d' % n, 'w').close()"],
    ['folders in folders', "import os\nwhile True: os.mkdir('d'); os.chdir('d')"],
    ['links', "import os\nopen('f', 'w').close()\nfor n in range(10**6): os.symlink('f', '/dev/shm/%d' % n)"],
  ])('is bounded in number: %s', async (_, code) => {
    expect(await alone(sandbox, code)).toMatchObject({ outcome: 'too_much_data', isOver: true });
  });

  it('that is full takes no more from us either, and half a file is none', async () => {
    const session = await sandbox.open();
    await sandbox.execute(session, "open('big', 'wb').write(bytes(40_000_000));");
    const put = sandbox.put(session, 'in.bin', new Blob([new Uint8Array(20_000_000)]).stream());
    expect(await failureOf(put)).toEqual(new SandboxFileError(`there is no room for 'in.bin' in the session's ${48 * MB} bytes`));
    expect((await sandbox.execute(session, 'import os; os.listdir()')).logs).toBe("['big']\n");
    await sandbox.close(session);
  });
});

describe('output', () => {
  it.each([
    ['lines without end', "while True: print('x' * 100)", 'timed_out'],
    ['one line', "print('x' * 50_000_000)", 'ok'],
    ['a child without end', 'import subprocess; subprocess.run(["yes"])', 'timed_out'],
    ['stderr', "import sys\nwhile True: sys.stderr.write('x' * 10_000)", 'timed_out'],
  ])('is cut: %s', async (_, code, outcome) => {
    let streamed = 0;
    const execution = await alone(sandbox, code, { timeoutMs: outcome === 'ok' ? 20_000 : 300, onLogs: (text) => (streamed += text.length) });
    expect(execution).toMatchObject({ outcome, isOver: false, logs: expect.stringMatching(/\[… \d+ bytes of output left out …\]/) as unknown });
    expect(Buffer.byteLength(execution.logs)).toBeLessThan(MOST_LOG_BYTES + 200);
    expect(streamed).toBe(execution.logs.length);
  });

  it('in files is handed over up to a number', async () => {
    const { files } = await alone(sandbox, "for n in range(500): open('f%03d' % n, 'w').close()");
    expect([files.length, files[0]?.path]).toEqual([MOST_CHANGED_FILES, 'f000']);
  });
});

it('nobody else has been harmed by any of this', () => expectUnharmed(sandbox, before));
