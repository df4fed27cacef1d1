import { describe } from '@jest/globals';
import { openai7 } from './clients/openai-7.ts';
import { dryRunOfAnyLength, importsByCommand } from './scenarios/imports-command.ts';
import { useStage } from './stage.ts';

describe('beside a server', () => {
  const use = useStage(openai7);
  importsByCommand(use);
  dryRunOfAnyLength(use);
});
