/** Starts a session's processes, in namespaces of their own where that is not expressly given up. */
import { type ChildProcess, type ExecFileException, execFile, spawn } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { DATA_FOLDER, SandboxUnavailableError } from '../../ports/sandbox.ts';
import { seccompProgram } from './seccomp.ts';

export interface LaunchSettings {
  /** An interpreter, by its whole path. */
  python: string;
  bwrap: string;
  /** Session folders, where sessions are not isolated. */
  folder: string;
  isolated: boolean;
  diskBytes: number;
}

export interface Launched {
  child: ChildProcess;
  /** As the code's own process sees it. */
  dataFolder: string;
  /** To be removed when the session is over. */
  temporary?: string;
}

const SUPERVISOR = fileURLToPath(new URL('supervisor.py', import.meta.url));
const INSIDE = '/run/supervisor.py';
/** nobody's, on every system. As root we would still own root's files, capabilities or not, and root's processes are never counted. */
const NOBODY = 65_534;
/** For what programs leave in shared memory; the rest of the disk is the data folder's and /tmp's together. */
const SHARED_MEMORY_BYTES = 64 * 1024 * 1024;
/** Not bwrap's own choice (--dev): a shared mapping of /dev/zero is memory that nobody is seen to have, and the host's terminals have one number for all. */
const DEVICES = ['/dev/null', '/dev/full', '/dev/random', '/dev/urandom'];
const LINKS = [['/proc/self/fd', '/dev/fd'], ['/proc/self/fd/0', '/dev/stdin'], ['/proc/self/fd/1', '/dev/stdout'], ['/proc/self/fd/2', '/dev/stderr']] as const;
/** Threads of numeric libraries count as processes, and each has an arena of memory. */
const QUIET = { OPENBLAS_NUM_THREADS: '2', OMP_NUM_THREADS: '2', MKL_NUM_THREADS: '2', NUMEXPR_NUM_THREADS: '2', MALLOC_ARENA_MAX: '2' };
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', TZ: 'UTC', USER: 'sandbox', LOGNAME: 'sandbox', PYTHONDONTWRITEBYTECODE: '1', MPLBACKEND: 'module://threadkeep_figures', ...QUIET };
const INSTALL = 'apt-get install bubblewrap python3 python3-pandas python3-matplotlib';

const ASKED_MS = 20_000;

/** A terminal's Ctrl-C is for the server, which ends its sessions itself: code that died before it would count as executed. */
const APART = { detached: true };

const user = () => (process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {});

/** What every Python of a distribution needs. */
const SYSTEM = ['/usr/bin', '/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/share', '/etc/alternatives', '/etc/ld.so.cache', '/etc/fonts', '/etc/matplotlibrc'];

/** Folders beside the system's that this interpreter and its packages are in. */
export async function foldersOf({ python }: LaunchSettings): Promise<string[]> {
  const named = await askFolders(python).catch((error: unknown) => {
    throw new SandboxUnavailableError(`code_interpreter has no Python: ${python} ${whyNot(error)}. Install it (${INSTALL}) or name another with PYTHON; the server's user must be able to run it (when the server is root: nobody).`, { cause: error });
  });
  const folders = named.flatMap((folder) => (folder === '/usr/local' ? ['/usr/local/lib', '/usr/local/bin'] : folder === '/usr' ? [] : [folder]));
  return [...new Set(folders)].filter((folder) => !SYSTEM.some((known) => folder === known || folder.startsWith(`${known}/`)));
}

async function askFolders(python: string): Promise<string[]> {
  const ask = 'import json, os, site, sys; print(json.dumps([sys.prefix, sys.base_prefix, os.path.dirname(os.path.realpath(sys.executable)), *site.getsitepackages()]))';
  const { stdout } = await promisify(execFile)(python, ['-I', '-c', ask], { env: {}, ...user(), timeout: ASKED_MS });
  return z.array(z.string()).parse(JSON.parse(stdout));
}

/** What could not be begun at all says so by itself; what began and did not answer is something else, or broken. */
function whyNot(error: unknown): string {
  const { code, killed, stderr = '', message } = error as Partial<ExecFileException>;
  if (killed) return `gave no answer within ${ASKED_MS / 1000} seconds`;
  if (typeof code === 'string' && code.startsWith('E')) return `did not run (${message?.split('\n')[0] ?? code})`;
  return `is no Python, or a broken one (${stderr.trim().split('\n').at(-1)?.slice(0, 300) || 'it did not say where its packages are'})`;
}

/** `folders` as `foldersOf` said. What goes wrong from here on is seen in the child's end. */
export function launch(settings: LaunchSettings, folders: readonly string[]): Launched {
  if (!settings.isolated) return launchInTheOpen(settings);
  const filter = seccompProgram(process.arch);
  const child = spawn(settings.bwrap, bwrapArguments(settings, folders, filter !== undefined), { env: {}, cwd: '/', ...user(), stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'], ...APART });
  feed(child, 3, readFileSync(SUPERVISOR));
  feed(child, 4, filter ?? new Uint8Array());
  return { child, dataFolder: DATA_FOLDER };
}

function bwrapArguments({ python, diskBytes }: LaunchSettings, folders: readonly string[], hasFilter: boolean): string[] {
  const environment = { ...ENVIRONMENT, HOME: '/tmp', MPLCONFIGDIR: '/tmp/matplotlib' };
  return [
    ['--unshare-all', '--unshare-user', '--disable-userns', '--die-with-parent', '--new-session', '--as-pid-1', '--hostname', 'sandbox'],
    ['--cap-drop', 'ALL', '--uid', `${NOBODY}`, '--gid', `${NOBODY}`, '--clearenv'],
    ...Object.entries(environment).map(([name, value]) => ['--setenv', name, value]),
    ...[...SYSTEM, ...folders].map((folder) => ['--ro-bind-try', folder, folder]),
    ...['/bin', '/lib', '/lib64'].map(asOnTheHost),
    ['--proc', '/proc', '--tmpfs', '/dev', ...DEVICES.flatMap((device) => ['--dev-bind', device, device]), ...LINKS.flatMap(([to, path]) => ['--symlink', to, path])],
    ['--size', `${SHARED_MEMORY_BYTES}`, '--tmpfs', '/dev/shm', '--remount-ro', '/dev'],
    // One disk for all that the code may write, in memory: nothing of it can be left behind, nor be read by the server past the supervisor.
    ['--size', `${diskBytes}`, '--tmpfs', '/mnt', '--dir', DATA_FOLDER, '--dir', '/mnt/tmp', '--symlink', 'mnt/tmp', '/tmp'],
    ['--perms', '0444', '--file', '3', INSIDE, '--remount-ro', '/', '--chdir', DATA_FOLDER],
    hasFilter ? ['--seccomp', '4'] : [],
    ['--', python, '-I', INSIDE],
  ].flat();
}

/** Links into /usr on most distributions, folders on some. */
function asOnTheHost(path: string): string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind-try', path, path];
}

function launchInTheOpen({ python, folder }: LaunchSettings): Launched {
  const temporary = mkdtempSync(join(folder, 'session-'));
  const [dataFolder, home] = [join(temporary, 'data'), join(temporary, 'home')];
  for (const made of [dataFolder, home]) mkdirSync(made);
  const env = { ...ENVIRONMENT, HOME: home, TMPDIR: home, MPLCONFIGDIR: home };
  return { child: spawn(python, ['-I', SUPERVISOR], { env, cwd: dataFolder, stdio: ['pipe', 'pipe', 'pipe'], ...APART }), dataFolder, temporary };
}

/** Whoever does not read it has ended, and that is seen elsewhere. */
function feed(child: ChildProcess, fd: number, bytes: Uint8Array): void {
  const pipe = child.stdio[fd];
  if (!pipe || !('end' in pipe)) return;
  pipe.on('error', () => undefined);
  pipe.end(bytes);
}

/** Why a session did not come up, and what to do about it. `said` is what stood on its stderr. */
export function refusal({ bwrap, python, isolated }: LaunchSettings, said: string, error?: Error): SandboxUnavailableError {
  const words = said.trim().slice(0, 500);
  const because = (text: string) => new SandboxUnavailableError(`code_interpreter cannot run code here: ${text}`, { cause: error });
  if (isolated && process.platform !== 'linux') return because('its sandbox needs Linux. See docs/sandbox.md.');
  if (error && 'code' in error && error.code === 'ENOENT') return because(`${isolated ? bwrap : python} is not installed. ${INSTALL}`);
  if (/execvp/.test(words)) return because(`${python} cannot be run in the sandbox (${words}). ${INSTALL}, or name another interpreter with PYTHON.`);
  if (/unknown option/i.test(words)) return because(`${bwrap} is older than 0.8 (${words}).`);
  if (/namespace|permission|not permitted|uid map|userns/i.test(words)) return because(`this machine, or the container that the server is in, does not let ${bwrap} make namespaces (${words}). docs/sandbox.md says how to allow it.`);
  return because(words || error?.message || 'its first process ended at once.');
}
