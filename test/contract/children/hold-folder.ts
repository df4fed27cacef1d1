/** Opens a data folder as a server does and holds it until it is killed. Prints `held`. */
import { systemClock } from '../../../shared/domain/clock.ts';
import { openFolder } from '../embedded-world.ts';

await openFolder(process.argv[2] ?? '', systemClock);
process.stdout.write('held\n');
setInterval(() => undefined, 60_000);
