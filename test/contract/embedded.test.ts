/** The embedded adapters, held to every port's suite on a real SQLite file. */
import { createKey, listKeys, revokeKey } from '../../shared/actions/keys.ts';
import { demoModel } from '../../shared/models/demo.ts';
import { openAiModel } from '../../shared/models/openai.ts';
import { makeEmbeddedWorld } from './embedded-world.ts';
import { describeBlobs } from './suites/blobs.ts';
import { describeCommit } from './suites/commit.ts';
import { describeDemoModel } from './suites/demo-model.ts';
import { describeFeed } from './suites/feed.ts';
import { describeKeys } from './suites/keys.ts';
import { describeModel } from './suites/model.ts';
import { describeEmbeddings } from './suites/model-embeddings.ts';
import { describeQueue } from './suites/queue.ts';
import { describeStore } from './suites/store.ts';
import { describeTimer } from './suites/timer.ts';

describeStore('embedded', makeEmbeddedWorld);
describeCommit('embedded', makeEmbeddedWorld);
describeQueue('embedded', makeEmbeddedWorld);
describeTimer('embedded', makeEmbeddedWorld);
describeFeed('embedded', makeEmbeddedWorld);
describeBlobs('embedded', makeEmbeddedWorld);
describeKeys('embedded', makeEmbeddedWorld, (world) => ({
  create: (projectId, name) => createKey(world, projectId, name),
  list: () => listKeys(world),
  revoke: (which) => revokeKey(world, which),
}));
describeModel('openai', openAiModel);
describeEmbeddings('openai', openAiModel);
describeDemoModel(demoModel);
