/** Stands in for a server that is killed: opens a session in the folder given, starts what does not end, and says so. */
import { systemClock } from '../../shared/domain/clock.ts';
import { makeSandbox } from '../../shared/embedded/sandbox.ts';

const [folder = '', isolation, moment] = process.argv.slice(2);
const sandbox = makeSandbox({ clock: systemClock, folder, withoutIsolation: isolation === 'open' });
const session = await sandbox.open();
await sandbox.put(session, 'left.txt', new Blob(['left']).stream());
const code = `import os, subprocess, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: time.sleep(30)
    os._exit(0)
os.wait()
subprocess.Popen(['sleep', '600'])
print('begun', flush=True)`;
// Kept at work, or left standing still: both must end with the server.
const running = sandbox.execute(session, moment === 'working' ? `${code}\nwhile True: pass` : code, { timeoutMs: 600_000, onLogs: () => console.log('ready') });
running.catch(() => undefined);
setInterval(() => undefined, 1000);
