/**
 * Kills processes when this one is gone, however it went. A stopped process cannot do that by itself: it notices neither the
 * end of its parent nor Ctrl-C. So a shell of a session of its own is told of each of them, and waits for the pipe to close.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Writable } from 'node:stream';

const SCRIPT = `
while read -r sign pid; do
  left=
  for other in $pids; do [ "$other" = "$pid" ] || left="$left $other"; done
  [ "$sign" = + ] && left="$left $pid"
  pids=$left
done
[ -z "$pids" ] || kill -9 $pids`;

let pipe: Writable | undefined;

function begin(): Writable {
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  shell.unref();
  (shell.stdin as Socket).unref();
  return shell.stdin;
}

/** From now on until it ends by itself. */
export function keep(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  const told = (pipe ??= begin());
  told.write(`+ ${pid}\n`);
  child.once('exit', () => told.write(`- ${pid}\n`));
}
