/** Processes of this machine. */
import { readFileSync, readdirSync } from 'node:fs';

export interface Process {
  pid: number;
  parent: number;
  /** A terminal's Ctrl-C goes to all of one. */
  group: number;
  /** Tells it from a later one of the same number. */
  started: string;
}

/** All of the host that have not ended, zombies aside. */
export const processes = (): Process[] =>
  readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const fields = readFileSync(`/proc/${name}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
      return fields[0] === 'Z' ? [] : [{ pid: Number(name), parent: Number(fields[1]), group: Number(fields[2]), started: fields[19] ?? '' }];
    } catch {
      return [];
    }
  });

/** Of a process, its children and theirs. */
export function descendants(of: number): Process[] {
  const all = processes();
  const children = all.filter(({ parent }) => parent === of);
  return children.flatMap((child) => [child, ...descendants(child.pid)]);
}

export const stillThere = (those: Process[]) => processes().filter(({ pid, started }) => those.some((known) => known.pid === pid && known.started === started));
