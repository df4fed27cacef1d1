/** Code that looks for a way out of its session: to files, processes, networks and privileges that are not its own. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { alone, expectUnharmed, useSandbox } from './stage.ts';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SECRET = 'the-server-knows-this';
const sandbox = useSandbox();
const folder = mkdtempSync(join(tmpdir(), 'threadkeep-secret-'));
const secretFile = join(folder, 'secret.txt');
const socketPath = join(folder, 'socket');
let before: string;
let connections = 0;
const servers: Server[] = [];

beforeAll(async () => {
  process.env.SANDBOX_TEST_SECRET = SECRET;
  writeFileSync(secretFile, SECRET, { mode: 0o644 });
  for (const place of [{ port: 0, host: '127.0.0.1' }, { path: socketPath }, { path: '\0threadkeep-abstract-test' }]) {
    const server = createServer((_, response) => response.end(SECRET)).on('connection', () => connections++).listen(place);
    await once(server, 'listening');
    servers.push(server);
  }
  before = await sandbox.open();
  await sandbox.execute(before, "kept = 'kept'; open('/mnt/data/theirs.txt', 'w').write('theirs'); open('/tmp/theirs.txt', 'w').write('theirs'); open('/dev/shm/theirs.txt', 'w').write('theirs');");
});

afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

/** Calls are numbered as on x64. Each attempt says what it got, or how it was refused. */
const TRY = `
import ctypes, errno, fcntl, os, resource, signal, socket, stat, struct, subprocess, sys, time
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), 'refused')
    return 'DONE'
def attempt(what, act):
    try: print(what, '=>', repr(act())[:300])
    except BaseException as error: print(what, '!', errno.errorcode.get(getattr(error, 'errno', None), type(error).__name__))
`;

/** What each attempt came to, by its name. `\n` stands between them. */
async function tried(code: string): Promise<Record<string, string>> {
  const { logs, outcome } = await alone(sandbox, TRY + code);
  expect(outcome).toBe('ok');
  expect(logs).not.toContain(SECRET);
  return Object.fromEntries(logs.split('\n').flatMap((line) => (/^(.+?) (=>|!) (.*)$/.exec(line) ? [[RegExp.$1, RegExp.$2 === '!' ? RegExp.$3 : `got ${RegExp.$3}`]] : [])));
}

/** One line for each attempt, and the refusal that it must meet. */
async function refused(attempts: Record<string, [act: string, refusal: string]>): Promise<void> {
  const code = Object.entries(attempts).map(([what, [act]]) => `attempt(${JSON.stringify(what)}, lambda: ${act})`);
  const wanted = Object.fromEntries(Object.entries(attempts).map(([what, [, refusal]]) => [what, refusal]));
  expect(await tried(code.join('\n'))).toEqual(wanted);
}

describe('files of the host', () => {
  it('are not there', () =>
    refused({
      shadow: ["open('/etc/shadow').read()", 'ENOENT'],
      passwd: ["open('/etc/passwd').read()", 'ENOENT'],
      hosts: ["open('/etc/hosts').read()", 'ENOENT'],
      root: ["os.listdir('/root')", 'ENOENT'],
      home: ["os.listdir('/home')", 'ENOENT'],
      var: ["os.listdir('/var')", 'ENOENT'],
      sys: ["os.listdir('/sys')", 'ENOENT'],
      repository: [`os.listdir(${JSON.stringify(ROOT)})`, 'ENOENT'],
      'a secret': [`open(${JSON.stringify(secretFile)}).read()`, 'ENOENT'],
      'by a link': [`(os.symlink(${JSON.stringify(secretFile)}, 'link'), open('link').read())`, 'ENOENT'],
      'upwards': [`open('../../../../../..' + ${JSON.stringify(secretFile)}).read()`, 'ENOENT'],
      'docker': ["os.stat('/var/run/docker.sock')", 'ENOENT'],
    }));

  it('that Python needs are all there is, and cannot be written', async () => {
    expect(await tried("attempt('root', lambda: sorted(os.listdir('/')))\nattempt('etc', lambda: set(os.listdir('/etc')) - {'alternatives', 'fonts', 'ld.so.cache', 'matplotlibrc'})\nattempt('run', lambda: os.listdir('/run'))")).toEqual({
      root: "got ['bin', 'dev', 'etc', 'lib', 'lib64', 'mnt', 'proc', 'run', 'tmp', 'usr']",
      etc: 'got set()',
      run: "got ['supervisor.py']",
    });
    const places = ['/x', '/usr/x', '/usr/lib/x', '/etc/x', '/dev/x', '/run/x'];
    await refused(Object.fromEntries([...places.map((place) => [place, [`open('${place}', 'w')`, 'EROFS']] as [string, [string, string]]), ['program', ["open('/run/supervisor.py', 'a')", 'EACCES']], ['python', ["os.chmod('/usr/bin/python3', 0o777)", 'EROFS']]]));
  });

  it('do not show in the list of mounts', async () => {
    const { logs } = await alone(sandbox, "print(open('/proc/self/mountinfo').read())");
    expect(logs).toMatch(/ \/mnt rw,nosuid,nodev/);
    for (const ours of [ROOT, folder, tmpdir() + '/']) expect(logs).not.toContain(ours);
  });
});

describe('the server', () => {
  it('has nothing of its environment there, in no process', async () => {
    const found = await tried("attempt('names', lambda: sorted(name for name in os.environ if 'THREADS' not in name))\nattempt('all', lambda: b''.join(open('/proc/%s/environ' % pid, 'rb').read() for pid in os.listdir('/proc') if pid.isdigit() and pid != '1'))\nattempt('first', lambda: open('/proc/1/environ').read())");
    expect(found).toMatchObject({ names: "got ['HOME', 'LANG', 'LC_CTYPE', 'LOGNAME', 'MALLOC_ARENA_MAX', 'MPLBACKEND', 'MPLCONFIGDIR', 'PATH', 'PWD', 'PYTHONDONTWRITEBYTECODE', 'TZ', 'USER']".replace("'LC_CTYPE', ", ''), first: 'EACCES' });
    expect(found.all).not.toMatch(/NODE|npm|AWS|KEY|SECRET/);
  });

  it('and all other processes of the host are not seen, nor signalled', async () => {
    const found = await tried(`attempt('processes', lambda: sorted(pid for pid in os.listdir('/proc') if pid.isdigit()))\nattempt('server', lambda: os.kill(${process.pid}, 0))\nattempt('parent', lambda: os.getppid())\nattempt('group', lambda: os.killpg(${process.pid}, 0))`);
    expect(found).toEqual({ processes: "got ['1', '2']", server: 'ESRCH', parent: 'got 1', group: 'ESRCH' });
  });

  it('is not found on the loopback address, and sends nothing to whoever asks', async () => {
    const { port } = servers[0]?.address() as AddressInfo;
    await refused({
      TCP: [`socket.create_connection(('127.0.0.1', ${port}), 2)`, 'EAFNOSUPPORT'],
      'TCP, version 6': [`socket.create_connection(('::1', ${port}), 2)`, 'EAFNOSUPPORT'],
      URL: [`__import__('urllib.request').request.urlopen('http://127.0.0.1:${port}', timeout=2)`, 'URLError'],
      'a path': [`socket.socket(socket.AF_UNIX).connect(${JSON.stringify(socketPath)})`, 'ENOENT'],
      'an abstract name': ["socket.socket(socket.AF_UNIX).connect('\\0threadkeep-abstract-test')", 'ECONNREFUSED'],
    });
  });
});

describe('networks', () => {
  it('there are none', () =>
    refused({
      TCP: ["socket.create_connection(('1.1.1.1', 443), 2)", 'EAFNOSUPPORT'],
      UDP: ["socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53))", 'EAFNOSUPPORT'],
      names: ["socket.getaddrinfo('example.com', 80)", 'gaierror'],
      'cloud credentials': ["__import__('urllib.request').request.urlopen('http://169.254.169.254/latest/meta-data/', timeout=2)", 'URLError'],
      'task credentials': ["__import__('urllib.request').request.urlopen('http://169.254.170.2/', timeout=2)", 'URLError'],
      raw: ['socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)', 'EAFNOSUPPORT'],
      packets: ['socket.socket(socket.AF_PACKET, socket.SOCK_RAW)', 'EAFNOSUPPORT'],
      netlink: ['socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)', 'EAFNOSUPPORT'],
      hypervisor: ['socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM)', 'EAFNOSUPPORT'],
      'kernel crypto': ['socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)', 'EAFNOSUPPORT'],
      bluetooth: ['socket.socket(31, socket.SOCK_RAW)', 'EAFNOSUPPORT'],
    }));

  it('nor interfaces but a loopback of its own, nor the name of the machine', async () => {
    const { logs } = await alone(sandbox, "import socket\nprint([line.split(':')[0].strip() for line in open('/proc/net/dev')][2:], socket.gethostname())");
    expect(logs).toBe("['lo'] sandbox\n");
    expect(hostname()).not.toBe('sandbox');
  });
});

describe('other sessions', () => {
  it('have their files for themselves, and their processes', async () => {
    const found = await tried("attempt('data', lambda: os.listdir('/mnt/data'))\nattempt('tmp', lambda: os.listdir('/tmp'))\nattempt('shm', lambda: os.listdir('/dev/shm'))\nattempt('all', lambda: subprocess.run(['grep', '-rl', 'theirs', '/mnt', '/dev/shm'], capture_output=True, text=True).stdout)");
    expect(found).toEqual({ data: 'got []', tmp: 'got []', shm: 'got []', all: "got ''" });
  });
});

describe('privileges', () => {
  it('it has none, and can gain none', async () => {
    const { logs } = await alone(sandbox, "import os\nprint([line.split()[1] for line in open('/proc/self/status') if line[:3] in ('Cap', 'NoN') or line.startswith('Seccomp:')], os.getuid(), os.getgid(), os.getgroups(), os.nice(0))");
    expect(logs).toBe("['0000000000000000', '0000000000000000', '0000000000000000', '0000000000000000', '0000000000000000', '1', '2'] 65534 65534 [] 10\n");
    await refused({
      setuid: ['os.setuid(0)', 'EINVAL'],
      setgid: ['os.setgid(0)', 'EINVAL'],
      setgroups: ['os.setgroups([0])', 'EPERM'],
      su: ["subprocess.run(['su', '-c', 'id'], capture_output=True).check_returncode()", 'CalledProcessError'],
      'setuid bit': ["(__import__('shutil').copy('/usr/bin/id', 'id'), os.chmod('id', 0o4755), subprocess.run(['./id', '-u'], capture_output=True, text=True).stdout == '0\\n' or 1 / 0)", 'ZeroDivisionError'],
      priority: ['os.nice(-1)', 'EPERM'],
      realtime: ['os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))', 'EPERM'],
      limits: ['resource.setrlimit(resource.RLIMIT_NPROC, (9999, 9999))', 'ValueError'],
      hostname: ["socket.sethostname('x')", 'EPERM'],
      clock: ['time.clock_settime(time.CLOCK_REALTIME, 0)', 'EPERM'],
    });
  });

  it('mounts, roots and namespaces are not to be had', () =>
    refused({
      mount: ["call(165, b'none', b'/mnt', b'tmpfs', 0, 0)", 'EPERM'],
      remount: ["call(165, b'none', b'/usr', b'none', 4096 | 32, 0)", 'EPERM'],
      umount: ["call(166, b'/mnt', 2)", 'EPERM'],
      'new mount calls': ["call(430, b'tmpfs', 0)", 'EPERM'],
      chroot: ["os.chroot('/mnt')", 'EPERM'],
      pivot: ["call(155, b'/mnt', b'/mnt')", 'EPERM'],
      'user namespace': ['call(272, 0x10000000)', 'EPERM'],
      'mount namespace': ['call(272, 0x00020000)', 'EPERM'],
      'clone': ['call(56, 0x10000000 | 17, 0, 0, 0, 0)', 'EPERM'],
      'clone3': ['call(435, 0, 0)', 'ENOSYS'],
      'the first process\'s namespaces': ["os.open('/proc/1/ns/user', os.O_RDONLY)", 'EACCES'],
      setns: ["call(308, os.open('/proc/self/ns/net', os.O_RDONLY), 0)", 'EPERM'],
      'by a program': ["subprocess.run(['unshare', '-Ur', 'id'], capture_output=True).check_returncode()", 'CalledProcessError'],
      devices: ["os.mknod('disk', stat.S_IFBLK | 0o666, os.makedev(254, 0))", 'EPERM'],
      'file handles': ["call(303, -100, b'/mnt', 0, 0, 0)", 'EPERM'],
    }));

  it('corners of the kernel are closed', () =>
    refused({
      ptrace: ['call(101, 16, 1, 0, 0)', 'EPERM'],
      'memory of others': ['call(310, 1, 0, 0, 0, 0, 0)', 'EPERM'],
      bpf: ['call(321, 0, 0, 0)', 'EPERM'],
      perf: ['call(298, 0, 0, 0, 0, 0)', 'EPERM'],
      io_uring: ['call(425, 8, 0)', 'ENOSYS'],
      userfaultfd: ['call(323, 0)', 'EPERM'],
      keys: ["call(248, b'user', b'x', b'y', 1, -2)", 'EPERM'],
      'anonymous files': ["os.memfd_create('x')", 'ENOSYS'],
      'shared memory': ['call(29, 0, 4096, 0o1600)', 'EPERM'],
      'message queues': ['call(68, 0, 0o1600)', 'EPERM'],
      'posix queues': ["call(240, b'x', 0o102, 0o600, 0)", 'EPERM'],
      'kernel log': ['call(103, 3, 0, 0)', 'EPERM'],
      'modules': ["call(175, 0, 0, b'')", 'EPERM'],
      'the other table of calls': ['call(0x40000000 + 39)', 'ENOSYS'],
      'core pattern': ["open('/proc/sys/kernel/core_pattern', 'w')", 'EACCES'],
      'more namespaces': ["open('/proc/sys/user/max_user_namespaces', 'w')", 'EACCES'],
      'magic keys': ["open('/proc/sysrq-trigger', 'w')", 'ENOENT'],
      'life insurance': ["os.write(os.open('/proc/self/oom_score_adj', os.O_WRONLY), b'-1000')", 'EACCES'],
    }));

  it('no terminal can be spoken for', () =>
    refused({
      terminal: ["open('/dev/tty')", 'ENOENT'],
      'a new one': ["open('/dev/ptmx')", 'ENOENT'],
      'a new one, by libc': ["__import__('pty').openpty()", 'OSError'],
      'its input': ["fcntl.ioctl(0, 0x5412, b'x')", 'EPERM'],
      'its selection': ["fcntl.ioctl(0, 0x541c, b'x')", 'EPERM'],
    }));

  it('of devices there are those alone that hold nothing', async () => {
    expect(await tried("attempt('all', lambda: sorted(os.listdir('/dev')))")).toEqual({ all: "got ['fd', 'full', 'null', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'urandom']" });
    await refused(Object.fromEntries(['null', 'full', 'random', 'urandom'].map((name) => [name, [`__import__('mmap').mmap(os.open('/dev/${name}', os.O_RDWR), 4096)`, 'ENODEV']])));
  });

  it('memory that belongs to no process is not to be had', () =>
    refused({
      'MAP_SHARED': ["__import__('mmap').mmap(-1, 4096)", 'EPERM'],
      'MAP_SHARED_VALIDATE': ["__import__('mmap').mmap(-1, 4096, flags=0x23)", 'EPERM'],
      'MAP_SHARED_VALIDATE, without Python': ['call(9, 0, 4096, 3, 0x23, -1, 0)', 'EPERM'],
      'with other flags': ['call(9, 0, 4096, 3, 0x8021, -1, 0)', 'EPERM'],
      '/dev/zero': ["open('/dev/zero', 'r+b')", 'ENOENT'],
    }));

  it('but of one process, and in files, it is', async () => {
    const found = await tried("import mmap, multiprocessing, multiprocessing.shared_memory as shared\ndef own():\n    with mmap.mmap(-1, 8192, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as m: m[0] = 1; return m[0]\ndef filed():\n    m = shared.SharedMemory(create=True, size=8192); m.buf[0] = 2; again = shared.SharedMemory(m.name); value = again.buf[0]; again.close(); m.close(); m.unlink(); return value\ndef child(value): value.value = 3\ndef counted():\n    value = multiprocessing.Value('i', 0); p = multiprocessing.Process(target=child, args=(value,)); p.start(); p.join(); return value.value\ndef pooled():\n    with multiprocessing.Pool(2) as pool: return pool.map(abs, [-4, -5])\nattempt('own', own)\nattempt('filed', filed)\nattempt('counted', counted)\nattempt('pooled', pooled)");
    expect(found).toEqual({ own: 'got 1', filed: 'got 2', counted: 'got 3', pooled: 'got [4, 5]' });
  });

  it('goes first when the machine has no memory left', async () => {
    expect((await alone(sandbox, "print(open('/proc/self/oom_score_adj').read())")).logs).toBe('1000\n\n');
  });
});

it('nobody has been reached or harmed by any of this', async () => {
  expect(connections).toBe(0);
  await expectUnharmed(sandbox, before);
});
