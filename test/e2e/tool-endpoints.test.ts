import { openai7 } from './clients/openai-7.ts';
import { toolEndpointFailures } from './scenarios/tool-endpoint-failures.ts';
import { toolEndpointsMixed } from './scenarios/tool-endpoints-mixed.ts';
import { toolEndpoints } from './scenarios/tool-endpoints.ts';
import { useStage } from './stage.ts';

const use = useStage(openai7);
for (const scenarios of [toolEndpoints, toolEndpointsMixed, toolEndpointFailures]) scenarios(use);
