import { openai7 } from './clients/openai-7.ts';
import { toolEndpointsCut, toolEndpointsInTime } from './scenarios/tool-endpoints-cut.ts';
import { embedded, useStageOn } from './stage.ts';
import { describe } from '@jest/globals';

describe('on real time', () => toolEndpointsCut(useStageOn(openai7, (model) => embedded(model, { clocked: false }))));
describe('on a clock that is moved', () => toolEndpointsInTime(useStageOn(openai7, (model) => embedded(model, { clocked: true }))));
