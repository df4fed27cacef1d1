import { describe } from '@jest/globals';
import { openai7 } from './clients/openai-7.ts';
import { openai4 } from './clients/openai-4.ts';
import { embedded, useStageOn } from './stage.ts';
import { vectorStores } from './scenarios/vector-stores.ts';
import { vectorStoreFiles } from './scenarios/vector-store-files.ts';
import { vectorStoreBatches } from './scenarios/vector-store-batches.ts';
import { vectorStoreSearch } from './scenarios/vector-store-search.ts';
import { vectorStoreErrors } from './scenarios/vector-store-errors.ts';
import { vectorStoreExpiry } from './scenarios/vector-store-expiry.ts';

const sdk = process.env['V_SDK'] === '4' ? openai4 : openai7;
describe('v', () => {
  const use = useStageOn(sdk, (model) => embedded(model, { clocked: false }));
  for (const each of [vectorStores, vectorStoreFiles, vectorStoreBatches, vectorStoreSearch, vectorStoreErrors]) each(use);
});
describe('time', () => {
  const use = useStageOn(sdk, (model) => embedded(model, { clocked: true }));
  vectorStoreExpiry(use);
});
