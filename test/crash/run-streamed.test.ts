import { describe } from '@jest/globals';
import { STREAMED_POINTS, testEach } from './points.ts';

describe('streamed runs', () => testEach(STREAMED_POINTS, true));
