import { describe } from '@jest/globals';
import { CLIENT_POINTS, testEach } from './points.ts';

describe('what comes before a run', () => testEach(CLIENT_POINTS, false));
