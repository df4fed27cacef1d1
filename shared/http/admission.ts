import type { EmbedRequest } from '../ports/model.ts';
import type { World } from '../ports/world.ts';

/** A request's API key on trial: resolves when the key is known to be valid, and rejects when it is not. */
export type Admission = Promise<unknown>;

/** The world for a request whose key is still being looked up: it may be read, but nothing is changed, no file written, no model asked and nothing sent anywhere before that. */
export function untilAdmitted(world: World, admission: Admission): World {
  const { blobs, functions, model, outbound } = world;
  const embed = model.embed?.bind(model);
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
      ...(embed && { embed: async (request: EmbedRequest, signal: AbortSignal) => (await admission, embed(request, signal)) }),
    },
    blobs: {
      ...blobs,
      begin: async (...args) => (await admission, blobs.begin(...args)),
      putPart: async (...args) => (await admission, blobs.putPart(...args)),
      complete: async (...args) => (await admission, blobs.complete(...args)),
      abort: async (...args) => (await admission, blobs.abort(...args)),
      put: async (...args) => (await admission, blobs.put(...args)),
      remove: async (...args) => (await admission, blobs.remove(...args)),
    },
    outbound: {
      check: (url) => outbound.check(url),
      async post(request) {
        await admission;
        return outbound.post(request);
      },
    },
    functions: functions && {
      mayInvoke: (arn) => functions.mayInvoke(arn),
      async invoke(request) {
        await admission;
        return functions.invoke(request);
      },
    },
  };
}

async function* later<T>(admission: Admission, begin: () => AsyncIterable<T>): AsyncGenerator<T> {
  await admission;
  yield* begin();
}
