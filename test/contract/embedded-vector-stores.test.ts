import { makeEmbeddedWorld } from './embedded-world.ts';
import { describeVectorStores } from './suites/vector-stores.ts';

describeVectorStores('embedded', () => makeEmbeddedWorld(), ({ embedded }) => embedded);
