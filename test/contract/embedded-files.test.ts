import { makeEmbeddedWorld } from './embedded-world.ts';
import { describeCodeFiles } from './suites/code-files.ts';
import { describeFiles } from './suites/files.ts';

describeFiles('embedded', () => makeEmbeddedWorld(), ({ embedded }) => embedded);
describeCodeFiles('embedded', () => makeEmbeddedWorld(), ({ embedded }) => embedded);
