import { useEngines } from './aws-stage.ts';
import { makeAwsWorld } from './aws-world.ts';
import { describeSandboxWorld } from './suites/sandbox-world.ts';

const engines = useEngines();
describeSandboxWorld('aws', async () => makeAwsWorld(await engines()), ({ world }) => world);
