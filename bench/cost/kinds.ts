/** The kinds of run that are counted, each played through the official client in the parts that an application makes of it. */
import type OpenAI from 'openai';
import { type Step, calls, text } from '../../test/support/scripted-model.ts';
import { type Counts, sum } from './counts.ts';
import { type Parts, Scene, type Settings } from './scene.ts';
import type { CostStage } from './stage.ts';

/** Past the window of any run. */
const WINDOW_AND_MORE_MS = 605_000;

const callOf = (): Step => calls([{ name: 'look_up', arguments: { what: 'the capital of France' } }]);

async function untilAction(scene: Scene): Promise<OpenAI.Beta.Threads.Run> {
  const id = await scene.part('run', () => scene.start(callOf()));
  // The calls are told with the run: one look is needed, however long the client has waited before.
  return scene.poll(id, 'requires_action', 'look at calls');
}

const outputsFor = ({ required_action: action }: OpenAI.Beta.Threads.Run) => (action?.submit_tool_outputs.tool_calls ?? []).map(({ id }) => ({ tool_call_id: id, output: 'Paris' }));

const KINDS = {
  async plain(scene: Scene) {
    const id = await scene.part('run', () => scene.start(text(scene.answer)));
    await scene.poll(id, 'completed');
    await scene.readAnswer();
  },

  async streamed(scene: Scene) {
    // Says nothing until it is let.
    const step = text(scene.answer).gated();
    scene.stage.model.script(step);
    const stream = await scene.beginning(BEFORE_FIRST_TOKEN, async () => {
      const begun = await scene.stream();
      await step.reached;
      return begun;
    });
    await scene.part('run', () => {
      step.release();
      return scene.read(stream);
    });
  },

  async tools(scene: Scene) {
    const run = await untilAction(scene);
    scene.stage.model.script(text(scene.answer));
    await scene.part('outputs', () => scene.queued(() => scene.runs.submitToolOutputs(run.id, { thread_id: scene.threadId, tool_outputs: outputsFor(run) })));
    await scene.poll(run.id, 'completed');
    await scene.readAnswer();
  },

  async expired(scene: Scene) {
    const { id } = await untilAction(scene);
    await scene.part('expiry', () => scene.stage.move(WINDOW_AND_MORE_MS));
    await scene.poll(id, 'expired');
  },
};

export const BEFORE_FIRST_TOKEN = 'until the model is asked';

export type Kind = keyof typeof KINDS;
export const kinds = Object.keys(KINDS) as Kind[];

export interface Played {
  parts: Parts;
  /** From adding the message until all has come to rest. Not in it: looks of a client that waits, and reading what was answered. */
  whole: Counts;
}

export async function play(stage: CostStage, kind: Kind, settings: Settings): Promise<Played> {
  const scene = await Scene.open(stage, { ...settings, tools: kind === 'tools' || kind === 'expired' });
  await KINDS[kind](scene);
  const { poll: _, list: _list, ...counted } = scene.parts;
  return { parts: scene.parts, whole: sum(Object.values(counted)) };
}
