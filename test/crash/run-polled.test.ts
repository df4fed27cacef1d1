import { describe } from '@jest/globals';
import { POLLED_POINTS, testEach } from './points.ts';

describe('polled runs', () => testEach(POLLED_POINTS, false));
