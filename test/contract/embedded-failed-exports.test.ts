import { makeEmbeddedWorld } from './embedded-world.ts';
import { describeFailedExports } from './suites/failed-exports.ts';

describeFailedExports('embedded', () => makeEmbeddedWorld(), ({ embedded }) => embedded);
