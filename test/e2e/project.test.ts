import { describe, expect, test } from '@jest/globals';
import { openai7 } from './clients/openai-7.ts';
import { DEFAULTS, newProject, projectRetention, projectSettings, read, set } from './scenarios/project.ts';
import { useStage } from './stage.ts';

describe('`/v1/project`', () => {
  const use = useStage(openai7, { clocked: true });
  projectSettings(use);
  projectRetention(use);

  test('outlives the process, and belongs to one project alone', async () => {
    const stage = use();
    const [mine, other] = [await newProject(stage), await newProject(stage)];
    await set(stage, mine.key, { retention: 'never', export_on_expiry: true });

    await stage.server.restart();

    expect(await read(stage, mine.key)).toEqual({ id: mine.id, ...DEFAULTS, retention: 'never', export_on_expiry: true });
    expect(await read(stage, other.key)).toEqual({ id: other.id, ...DEFAULTS });
  });
});
