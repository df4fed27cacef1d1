/** Searches the index for other functions, which are spared what it is made of. Called by them and waited for; reads alone. */
import { makeOwnIndex } from '../../shared/aws/own-index.ts';
import { answerSearch } from '../../shared/aws/search-index.ts';
import { readEnv } from '../shared/env.ts';
import { wrap } from '../shared/middy-stack.ts';
import { openTelemetry } from '../shared/telemetry.ts';
import { FileSearchEnv } from './env.ts';

const env = readEnv(FileSearchEnv);
const telemetry = openTelemetry(env);
const index = makeOwnIndex(env.BLOB_BUCKET);

export const handler = wrap(telemetry, (question: unknown) => answerSearch(index, question));
