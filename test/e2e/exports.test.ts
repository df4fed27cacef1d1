import { describe } from '@jest/globals';
import { openai7 } from './clients/openai-7.ts';
import { exports, exportsOnExpiry } from './scenarios/exports.ts';
import { useStage } from './stage.ts';

describe('on a server', () => exports(useStage(openai7)));
describe('on a server whose clock is moved', () => exportsOnExpiry(useStage(openai7, { clocked: true })));
