/** What the templates promise. One file, for to load the CDK takes longer than all of these together. */
import './templates/data-stack.ts';
import './templates/environment.ts';
import './templates/monitoring.ts';
import './templates/policies.ts';
import './templates/service-stack.ts';
import './templates/snapshot.ts';
import './templates/stream-filters.ts';
import './templates/uploads-stack.ts';
