import { describe } from '@jest/globals';
import { openai7 } from '../e2e/clients/openai-7.ts';
import { toolEndpointFailures } from '../e2e/scenarios/tool-endpoint-failures.ts';
import { toolEndpointManagement } from '../e2e/scenarios/tool-endpoint-management.ts';
import { toolEndpointsCut, toolEndpointsInTime } from '../e2e/scenarios/tool-endpoints-cut.ts';
import { toolEndpointsMixed } from '../e2e/scenarios/tool-endpoints-mixed.ts';
import { toolEndpoints } from '../e2e/scenarios/tool-endpoints.ts';
import { useStageOn } from '../e2e/stage.ts';
import { onCloud } from './harness/cloud-server.ts';

describe('tool endpoints', () => {
  const use = useStageOn(openai7, (model) => onCloud(model, { clocked: false }));
  for (const scenarios of [toolEndpoints, toolEndpointsMixed, toolEndpointFailures, toolEndpointsCut, toolEndpointManagement]) scenarios(use);
});

describe('tool endpoints in time', () => {
  const use = useStageOn(openai7, (model) => onCloud(model, { clocked: true }));
  toolEndpointsInTime(use);
});
