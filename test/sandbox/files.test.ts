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
  it('that are no plain text are left out, wherever they lead', async () => {
    const names = ['a\\nb', 'a\\rb', '\\x1b[2J', '\\x7f', 'a\\u202eb', 'a\\u2028b', '\\udcff\\udcfe', 'x' .repeat(255), 'ä €', '-rf', '..x', '~', '%2e%2e', 'a\\\\b', '"', "it\\'s"];
    const paths = await run(`names = [${names.map((name) => `'${name}'`).join(', ')}]\nfor name in names: open(os.fsencode(name), 'w').close()`);
    expect(paths).toEqual(['"', '%2e%2e', '-rf', '..x', 'a\\b', "it's", 'x'.repeat(255), '~', 'ä €'].toSorted());
    for (const path of paths) expect(await text(path)).toBe('');
  });

  it('of deep folders are left out, and what is above them is not', async () => {
    expect(await run("deep = '/'.join('d' * 12); os.makedirs(deep); open(deep + '/x', 'w').close(); open('d/d/x', 'w').close()")).toEqual(['d/d/x']);
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
