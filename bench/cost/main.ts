/**
 * npm run bench:cost
 *
 * Counts what runs cause on AWS: the stacks as they are synthesized, deployed on engines that speak AWS's protocols (test/cloud), used
 * by the official client. Counts are the same on every machine; everything is counted twice, and a difference is an error.
 * Needs what test:cloud needs: Linux on x64.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ASSEMBLY_VARIABLE, cloudAssembly } from '../../test/cloud/harness/assembly.ts';
import { difference } from './difference.ts';
import { kinds, play } from './kinds.ts';
import { measure, measureWaits, warmUp } from './measure.ts';
import { report } from './report.ts';
import { CostStage } from './stage.ts';
import { pathOf } from './transitions.ts';

const step = (what: string): boolean => process.stderr.write(`${what} … `);

step('synthesize');
const dir = mkdtempSync(join(tmpdir(), 'threadkeep-cost-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const main = new URL('../../test/cloud/harness/synthesize-main.ts', import.meta.url).pathname;
execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', main, dir], { stdio: ['ignore', 'ignore', 'inherit'] });
process.env[ASSEMBLY_VARIABLE] = dir;

step('deploy');
const stage = await CostStage.open();
await warmUp(stage);
step('count');
const measured = await measure(stage);
const ms = stage.takeMs();
step('count again');
const differs = difference(measured, await measure(stage));
if (differs !== undefined) throw new Error(`the second count differs from the first: ${differs}`);
step('waits');
const waiting = await measureWaits(stage);
const logged: string[] = [];
for (const kind of kinds) {
  const before = stage.logBytes;
  await play(stage, kind, { messages: 1 });
  logged.push(`${kind} ${stage.logBytes - before}`);
}
stage.server.expectNoErrors();
process.stderr.write('\n\n');
console.log(report({ deployment: stage.server.deployment, path: pathOf(cloudAssembly().service) }, measured, waiting));
console.log(`\nBytes that functions log by themselves, for a run with its polls: ${logged.join(', ')}`);
console.log(`Invocations of one count took, on this machine, in ms: ${Object.entries(ms).map(([name, value]) => `${name} ${value}`).join(', ')}`);
await stage.close();
// Idle connections of the clients would keep the process for a while.
process.exit(0);
