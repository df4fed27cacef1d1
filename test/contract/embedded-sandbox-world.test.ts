import { makeEmbeddedWorld } from './embedded-world.ts';
import { describeSandboxWorld } from './suites/sandbox-world.ts';

describeSandboxWorld('embedded', () => makeEmbeddedWorld(), ({ embedded }) => embedded);
