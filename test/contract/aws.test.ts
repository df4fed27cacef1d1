/** The AWS adapters, held to every port's suite on engines that speak the services' own protocols. */
import { jest } from '@jest/globals';
import { createKey, listKeys, revokeKey } from '../../shared/actions/keys.ts';
import { useEngines } from './aws-stage.ts';
import { makeAwsWorld } from './aws-world.ts';
import { describeBlobs } from './suites/blobs.ts';
import { describeCommit } from './suites/commit.ts';
import { describeFeed } from './suites/feed.ts';
import { describeKeys } from './suites/keys.ts';
import { describeQueue } from './suites/queue.ts';
import { describeStore } from './suites/store.ts';
import { describeTimer } from './suites/timer.ts';

const engines = useEngines();
const makeWorld = async () => makeAwsWorld(await engines());

describeStore('aws', makeWorld);
describeCommit('aws', makeWorld);
describeQueue('aws', makeWorld);
describeTimer('aws', makeWorld);
describeFeed('aws', makeWorld);
describeBlobs('aws', makeWorld);
describeKeys('aws', makeWorld, (world) => ({
  create: (projectId, name) => createKey(world, projectId, name),
  list: () => listKeys(world),
  revoke: (which) => revokeKey(world, which),
}));

// The suites' own limit is for engines in the same process.
jest.setTimeout(240_000);
