/** S3's `If-None-Match: *` on a PUT, which the engine passes over: of many who write one key at once, one does. */
import type { buildApp } from 'fauxqs';

const EXISTS = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>PreconditionFailed</Code><Message>At least one of the pre-conditions you specified did not hold</Message></Error>';

/** To be called before the engine listens. */
export function addConditionalPut(app: ReturnType<typeof buildApp>): void {
  const last = new Map<string, Promise<void>>();
  app.addHook('preHandler', async ({ method, url, headers }, reply) => {
    if (method !== 'PUT' || headers['if-none-match'] !== '*') return;
    const before = last.get(url);
    const { promise: over, resolve: end } = Promise.withResolvers<void>();
    last.set(url, over);
    void over.then(() => last.get(url) === over && last.delete(url));
    await before;
    const found = await app.inject({ method: 'HEAD', url });
    reply.raw.once('close', end);
    if (found.statusCode === 200) await reply.status(412).header('content-type', 'application/xml').send(EXISTS);
  });
}
