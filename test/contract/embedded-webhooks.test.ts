import { makeEmbeddedWorld } from './embedded-world.ts';
import { describeWebhooks } from './suites/webhooks.ts';

describeWebhooks('embedded', makeEmbeddedWorld);
