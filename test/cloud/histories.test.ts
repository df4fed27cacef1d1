import { describe } from '@jest/globals';
import { openai7 } from '../e2e/clients/openai-7.ts';
import { exports, exportsOnExpiry } from '../e2e/scenarios/exports.ts';
import { importsByCommand } from '../e2e/scenarios/imports-command.ts';
import { importsOfTheHosted } from '../e2e/scenarios/imports-hosted.ts';
import { imports } from '../e2e/scenarios/imports.ts';
import { projectRetention, projectSettings } from '../e2e/scenarios/project.ts';
import { useStageOn } from '../e2e/stage.ts';
import { onCloud } from './harness/cloud-server.ts';

describe('histories', () => {
  const use = useStageOn(openai7, (model) => onCloud(model, { clocked: true }));
  for (const scenarios of [projectSettings, exports, imports, importsOfTheHosted, importsByCommand, exportsOnExpiry, projectRetention]) scenarios(use);
});
