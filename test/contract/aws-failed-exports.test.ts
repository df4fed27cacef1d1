import { jest } from '@jest/globals';
import { useEngines } from './aws-stage.ts';
import { makeAwsWorld } from './aws-world.ts';
import { describeFailedExports } from './suites/failed-exports.ts';

const engines = useEngines();
describeFailedExports('aws', async () => makeAwsWorld(await engines()), ({ world }) => world);

// The suite's own limit is for engines in the same process.
jest.setTimeout(240_000);
