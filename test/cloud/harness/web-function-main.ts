/**
 * An execution environment of a Lambda web function: loads the module, which listens by itself. Unlike the others it is not stopped between requests.
 * Arguments: the module's path, how far the time is ahead.
 */
import { pathToFileURL } from 'node:url';
import { ShiftedTime } from '../../support/engines/shifted-time.ts';
import { installNetwork } from './environment-network.ts';
import type { ToEnvironment } from './environment-messages.ts';

const [modulePath = '', offsetMs = '0'] = process.argv.slice(2);
const time = ShiftedTime.install(Number(offsetMs));
installNetwork();

process.on('disconnect', () => process.exit());
process.on('message', (message: Extract<ToEnvironment, { move: number }>) => {
  void time.moveTo(message.offsetMs, message.fire).then(() => process.send?.({ moved: message.move }));
});

await import(pathToFileURL(modulePath).href);
