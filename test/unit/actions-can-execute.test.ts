import { describe, expect, it } from '@jest/globals';
import { createRun, createThreadAndRun } from '../../shared/actions/create-run.ts';
import { createThread } from '../../shared/actions/create-thread.ts';
import { InvalidRequestError } from '../../shared/domain/errors.ts';
import type { Tool } from '../../shared/domain/settings.ts';
import type { ThreadInput } from '../../shared/domain/thread.ts';
import { SandboxUnavailableError } from '../../shared/ports/sandbox.ts';
import type { World } from '../../shared/ports/world.ts';
import { CodeStage } from './code-stage.ts';
import { PROJECT } from './sample-records.ts';

// Whether a run with code_interpreter can be made at all.

const overrides = { metadata: {}, truncationStrategy: { type: 'auto' as const }, toolChoice: 'auto' as const, parallelToolCalls: true };
const EMPTY: ThreadInput = { messages: [], metadata: {}, toolResources: undefined };

/** A run of the assistant, which has the tool, or with these tools in place of its own: on a thread that there is, or on one of its own. */
const ways = {
  'on a thread': async (stage: CodeStage, world: World, tools?: Tool[]) => {
    const thread = await createThread(stage.world(), PROJECT, EMPTY);
    stage.committed.splice(0);
    return createRun(world, thread.id, [], { projectId: PROJECT, assistantId: 'asst_test', overrides: { ...overrides, tools } });
  },
  'with its thread': (stage: CodeStage, world: World, tools?: Tool[]) => {
    stage.committed.splice(0);
    return createThreadAndRun(world, EMPTY, { projectId: PROJECT, assistantId: 'asst_test', overrides: { ...overrides, tools } });
  },
};

describe.each(Object.entries(ways))('a run %s', (_, make) => {
  const refusalOf = async (stage: CodeStage, world: World, tools?: Tool[]) => {
    const refusal: unknown = await make(stage, world, tools).catch((error: unknown) => error);
    if (!(refusal instanceof InvalidRequestError)) throw new Error('it was not refused', { cause: refusal });
    return { message: refusal.message, param: refusal.param, code: refusal.code, written: stage.committed };
  };
  const words = (reason: string) => `The tool 'code_interpreter' is not available on this server: ${reason} To run without it, give the run other 'tools' than the assistant's.`;

  it('is refused where code_interpreter is turned off, and nothing is written', async () => {
    await using stage = await CodeStage.start();
    expect(await refusalOf(stage, { ...stage.world(), sandbox: undefined })).toEqual({ message: words('it is turned off.'), param: 'tools', code: 'unsupported_tool', written: [] });
  });

  it.each(['there is no Python', 'there is no Python.'])('is refused with the reason why nothing can be executed: %s', async (reason) => {
    await using stage = await CodeStage.start();
    stage.sandbox.check = () => Promise.reject(new SandboxUnavailableError(reason));
    expect(await refusalOf(stage, stage.world())).toEqual({ message: words('there is no Python.'), param: 'tools', code: 'unsupported_tool', written: [] });
    expect(await refusalOf(stage, stage.world(), [{ type: 'file_search' }, { type: 'code_interpreter' }])).toMatchObject({ written: [] });
  });

  it('is made when what is in the way may pass', async () => {
    await using stage = await CodeStage.start();
    stage.sandbox.check = () => Promise.reject(new SandboxUnavailableError('all sessions are at work', { mayPass: true }));
    expect((await make(stage, stage.world())).run.status).toBe('queued');
  });

  it('is made with other tools than the assistant’s, and nobody looks for a sandbox', async () => {
    await using stage = await CodeStage.start();
    stage.sandbox.check = () => Promise.reject(new Error('nobody asks'));
    expect((await make(stage, stage.world(), [])).run.tools).toEqual([]);
    expect((await make(stage, { ...stage.world(), sandbox: undefined }, [{ type: 'file_search' }])).run.tools).toEqual([{ type: 'file_search' }]);
  });

  it('is not refused for a fault of ours, which is told as one', async () => {
    await using stage = await CodeStage.start();
    stage.sandbox.check = () => Promise.reject(new Error('what?'));
    await expect(make(stage, stage.world())).rejects.toThrow('what?');
    expect(stage.committed).toEqual([]);
  });
});
