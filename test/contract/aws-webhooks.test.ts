import { jest } from '@jest/globals';
import { useEngines } from './aws-stage.ts';
import { makeAwsWorld } from './aws-world.ts';
import { describeWebhooks } from './suites/webhooks.ts';

const engines = useEngines();
describeWebhooks('aws', async () => makeAwsWorld(await engines()));

// The suite's own limit is for engines in the same process.
jest.setTimeout(240_000);
