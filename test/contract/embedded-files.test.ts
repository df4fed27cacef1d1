import { makeEmbeddedWorld } from './embedded-world.ts';
import { describeFiles } from './suites/files.ts';

describeFiles('embedded', () => makeEmbeddedWorld(), ({ embedded }) => embedded);
