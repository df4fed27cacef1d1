/** What a user waits for between the request and the call to the model: answers of AWS, one after another. */
import { text } from '../../test/support/scripted-model.ts';
import { TELLER } from './counts.ts';
import { Scene, type Settings } from './scene.ts';
import type { CostStage } from './stage.ts';
import type { Trip } from './trips.ts';

export interface Waits {
  /** Of the database alone; what is asked of other services is answered at once. */
  database: Trip[];
  /** Of all services. */
  all: Trip[];
}

/** The function is warm and knows the key; a worker begins when the client has its answer. */
export async function waitsOf(stage: CostStage, kind: 'streamed' | 'plain', settings: Settings): Promise<Waits> {
  const of = async (isWaitedFor: Parameters<CostStage['tripsOf']>[0]): Promise<Trip[]> => {
    // Nobody waits for what is told.
    const isHeld: typeof isWaitedFor = (call) => !call.functionId.startsWith(TELLER) && isWaitedFor(call);
    const scene = await Scene.open(stage, settings);
    const step = text(scene.answer);
    return stage.tripsOf(isHeld, step, async (): Promise<unknown> => (kind === 'plain' ? scene.queued(() => scene.create()) : scene.read(await scene.stream())));
  };
  return { database: await of(({ service }) => service === 'dynamodb'), all: await of(({ service, operation }) => service !== 'secretsmanager' && operation !== 'ChangeMessageVisibility') };
}
