/** Files that are none, names that are tricks, and folders that are exchanged behind the server's back. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { SandboxFileError } from '../../shared/ports/sandbox.ts';
import { failureOf } from '../contract/suites/stage.ts';
import { MB, useSandbox } from './stage.ts';

const sandbox = useSandbox({ mostSessions: 100, limits: { diskBytes: 200 * MB } });
let session: string;
beforeEach(async () => {
  session = await sandbox.open();
});

const run = async (code: string) => {
  const execution = await sandbox.execute(session, `import os, socket, stat\n${code}\nNone`);
  expect(execution).toMatchObject({ outcome: 'ok', logs: '' });
  return execution.files.map(({ path }) => path);
};
const text = async (path: string) => {
  const found = await sandbox.read(session, path);
  return found && (await new Response(found.body).text());
};
const put = (path: string, content = 'put') => sandbox.put(session, path, new Blob([content]).stream());

describe('what is no file', () => {
  it.each([
    ['a link to a file of the host', "os.symlink('/etc/shadow', 'x')"],
    ['a link to the supervisor', "os.symlink('/proc/1/environ', 'x')"],
    ['a link to a file that can be read', "os.symlink('/run/supervisor.py', 'x')"],
    ['a link to a link', "os.symlink('y', 'x'); os.symlink('/usr/bin/env', 'y')"],
    ['a link to itself', "os.symlink('x', 'x')"],
    ['a pipe', "os.mkfifo('x')"],
    ['a socket', "socket.socket(socket.AF_UNIX).bind('x')"],
    ['a folder', "os.mkdir('x')"],
    ['a file that may not be read', "open('x', 'w').close(); os.chmod('x', 0)"],
  ])('is not read, and does not hold us up: %s', async (what, code) => {
    expect(await run(code)).toEqual(what.includes('may not be read') ? ['x'] : []);
    expect(await text('x')).toBeUndefined();
  });

  it('is a folder behind a link', async () => {
    await run("os.symlink('/usr/bin', 'bin'); os.symlink('/proc/self', 'self'); os.symlink('..', 'up'); open('/mnt/out.txt', 'w').write('out')");
    for (const path of ['bin/env', 'self/environ', 'up/out.txt', 'up/data/x']) expect(await text(path)).toBeUndefined();
    for (const path of ['bin/new', 'up/new', 'self/x']) expect(await failureOf(put(path))).toBeInstanceOf(SandboxFileError);
  });

  it('is never written through: a link or pipe is replaced', async () => {
    await run("open('/mnt/out.txt', 'w').write('out'); os.symlink('/mnt/out.txt', 'x'); os.mkfifo('y'); os.mkdir('z')");
    await put('x');
    await put('y');
    expect(await failureOf(put('z'))).toBeInstanceOf(SandboxFileError);
    expect([await text('x'), await text('y')]).toEqual(['put', 'put']);
    expect((await sandbox.execute(session, "open('/mnt/out.txt').read()")).logs).toBe("'out'\n");
  });

  it('is what stands in the place of /mnt/data', async () => {
    const paths = await run("os.chdir('/'); os.rename('/mnt/data', '/mnt/old'); os.symlink('/usr/bin', '/mnt/data'); open('/mnt/old/mine', 'w').write('mine')");
    expect(paths).toEqual(['mine']);
    expect([await text('mine'), await text('env')]).toEqual(['mine', undefined]);
  });
});

describe('names', () => {
  const countLeftOut = async (code: string) => {
    const { logs, files } = await sandbox.execute(session, `import os\n${code}\nNone`);
    return [/^\n\[(\d) of the files and folders could not be kept: .*\]\n$/.exec(logs)?.[1] ?? logs, files.map(({ path }) => path)];
  };

  it('that are no plain text are left out and counted, wherever they lead', async () => {
    const names = ['a\\nb', 'a\\rb', '\\x1b[2J', '\\x7f', '\\x85', '\\udcff\\udcfe', 'x'.repeat(255), 'ä €', 'a\\u3000b', 'a\\u202eb', '-rf', '..x', '~', '%2e%2e', 'a\\\\b', '"', "it\\'s"];
    const kept = ['"', '%2e%2e', '-rf', '..x', 'a\\b', 'a\u202eb', 'a\u3000b', "it's", 'x'.repeat(255), '~', 'ä €'].toSorted();
    expect(await countLeftOut(`for name in [${names.map((name) => `'${name}'`).join(', ')}]: open(os.fsencode(name), 'w').close()`)).toEqual(['6', kept]);
    for (const path of kept) expect(await text(path)).toBe('');
  });

  it('are counted once for each time that what has them changed', async () => {
    expect(await countLeftOut("os.mkdir('a\\nb'); open('a\\nb/c', 'w').close(); open('d\\n', 'w').close()")).toEqual(['2', []]);
    expect(await countLeftOut('')).toEqual(['', []]);
    expect(await countLeftOut("open('d\\n', 'w').write('changed')")).toEqual(['1', []]);
  });

  it('of deep folders are left out, and what is above them is not', async () => {
    expect(await countLeftOut("deep = '/'.join('d' * 12); os.makedirs(deep); open(deep + '/x', 'w').close(); open('d/d/x', 'w').close()")).toEqual(['1', ['d/d/x']]);
    expect(await countLeftOut("open('d/d/d/d/d/d/d/x', 'w').close()")).toEqual(['', ['d/d/d/d/d/d/d/x']]);
  });

  it('that are too long together are left out', async () => {
    expect(await countLeftOut("long = 'x' * 250 + '/' + 'y' * 250 + '/'; os.makedirs(long); open(long + 'z' * 10, 'w').close(); open(long + 'z' * 11, 'w').close()")).toEqual(['1', [`${'x'.repeat(250)}/${'y'.repeat(250)}/${'z'.repeat(10)}`]]);
  });
});

describe('reading', () => {
  it('stops when the file changes half-way', async () => {
    await run("open('x', 'wb').write(bytes(2_000_000))");
    const reader = (await sandbox.read(session, 'x'))?.body.getReader();
    await reader?.read();
    await run("open('x', 'ab').write(b'more')");
    expect(await failureOf((async () => { while (!(await reader?.read())?.done); })())).toEqual(new SandboxFileError("'x' changed while it was read"));
  });

  it('stops when the session ends', async () => {
    await run("open('x', 'wb').write(bytes(2_000_000))");
    const reader = (await sandbox.read(session, 'x'))?.body.getReader();
    await reader?.read();
    await sandbox.close(session);
    expect(await failureOf((async () => { while (!(await reader?.read())?.done); })())).toMatchObject({ name: 'SessionGoneError' });
  });

  it('does not begin with what is too large, be there anything in it or not', async () => {
    await run("f = open('sparse', 'wb'); f.truncate(150_000_000); f.close()");
    expect(await failureOf(text('sparse'))).toEqual(new SandboxFileError("'sparse' has 150000000 bytes, more than 100000000"));
  });

  it('of a megabyte of nothing costs no more than what is there', async () => {
    await run("f = open('sparse', 'wb'); f.truncate(1_000_000); f.close()");
    expect((await text('sparse'))?.length).toBe(1_000_000);
  });
});
