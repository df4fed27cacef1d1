import { jest } from '@jest/globals';
import { useEngines } from './aws-stage.ts';
import { makeAwsWorld } from './aws-world.ts';
import { describeCodeFiles } from './suites/code-files.ts';
import { describeFiles } from './suites/files.ts';

const engines = useEngines();
describeFiles('aws', async () => makeAwsWorld(await engines()), ({ world }) => world);
describeCodeFiles('aws', async () => makeAwsWorld(await engines()), ({ world }) => world);

// The suite's own limit is for engines in the same process.
jest.setTimeout(240_000);
