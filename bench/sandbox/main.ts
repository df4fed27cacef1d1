/**
 * npm run bench:sandbox [-- port | runs]
 *
 * What it costs to execute `1+1`, by the sandbox alone in this process and as a part of whole runs of the server that users start. Needs what
 * docs/sandbox.md says that code_interpreter needs.
 */
import { SandboxUnavailableError } from '../../shared/ports/sandbox.ts';
import { openBench } from '../support/lab.ts';
import { describeMachine } from '../support/machine.ts';
import { type Row, format } from '../support/table.ts';
import { measurePort } from './port.ts';
import { measureRuns } from './runs.ts';

const [part] = process.argv.slice(2);
const rows: Row[] = [];
try {
  if (part !== 'runs') rows.push(...(await measurePort()));
  if (part !== 'port') {
    const bench = await openBench([]);
    rows.push(...(await measureRuns(bench)));
    await bench.model.stop();
  }
} catch (error) {
  if (!(error instanceof SandboxUnavailableError)) throw error;
  console.error(`Nothing can be executed here: ${error.message}`);
  process.exit(1);
}
console.log(`Node ${process.version}, ${describeMachine()}\n`);
console.log(format(rows));
// Idle connections of the clients would keep the process for a while.
process.exit(0);
