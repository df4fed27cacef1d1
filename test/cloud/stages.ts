/** The stage that the harness deploys: what the settings can say, said, so that every part of the templates is there. */
import { type Stage, stages } from '../../infra/stages.ts';
import { OLD_MODEL, OLD_MODEL_NOW, SMALL_MODEL, SMALL_WINDOW } from '../e2e/model-names.ts';

/** The harness answers for it (deployment.ts). */
export const MODEL_URL = 'https://model.test/v1';

export const cloudStage: Stage = {
  ...stages.prod,
  name: 'cloud',
  model: { provider: 'openai', baseUrl: MODEL_URL, aliases: { [OLD_MODEL]: OLD_MODEL_NOW } },
  contextWindows: { [SMALL_MODEL]: SMALL_WINDOW },
};
