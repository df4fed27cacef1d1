import { describe } from '@jest/globals';
import { openai4 } from './clients/openai-4.ts';
import { openai5 } from './clients/openai-5.ts';
import { openai6 } from './clients/openai-6.ts';
import { openai7 } from './clients/openai-7.ts';
import { embedded, useStageOn } from './stage.ts';
import { fileExpiry, files } from './scenarios/files.ts';
import { uploadExpiry, uploads } from './scenarios/uploads.ts';
for (const sdk of [openai4, openai5, openai6, openai7]) {
  describe(`${sdk.major}`, () => {
    const use = useStageOn(sdk, (model) => embedded(model, { clocked: false }));
    files(use);
    uploads(use);
  });
  describe(`${sdk.major} time`, () => {
    const use = useStageOn(sdk, (model) => embedded(model, { clocked: true }));
    fileExpiry(use);
    uploadExpiry(use);
  });
}
