import type { World } from '../ports/world.ts';

/** A request's API key on trial: resolves when the key is known to be valid, and rejects when it is not. */
export type Admission = Promise<unknown>;

/** The world for a request whose key is still being looked up: it may be read, but nothing is changed and no model is asked before that. */
export function untilAdmitted(world: World, admission: Admission): World {
  const { model } = world;
  let isAdmitted = false;
  admission.then(
    () => (isAdmitted = true),
    () => undefined,
  );
  return {
    ...world,
    async commit(change) {
      await admission;
      return world.commit(change);
    },
    model: {
      stream: (request, signal) => (isAdmitted ? model.stream(request, signal) : later(admission, () => model.stream(request, signal))),
      async list() {
        await admission;
        return model.list();
      },
    },
  };
}

async function* later<T>(admission: Admission, begin: () => AsyncIterable<T>): AsyncGenerator<T> {
  await admission;
  yield* begin();
}
