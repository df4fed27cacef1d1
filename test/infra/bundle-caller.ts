/**
 * Loads a function's bundle as Lambda would, calls it once and prints what came out as one line of JSON: the main file of a
 * child process, so that the bundle runs in plain Node and nothing of this repository is there to help it.
 *
 *   node bundle-caller.ts BUNDLE EVENT
 */
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

const [bundle = '', event = ''] = process.argv.slice(2);

let metadata: unknown;
/** The parts of Lambda's global that a streaming function uses. */
const awslambda = {
  streamifyResponse: (handler: unknown) => handler,
  HttpResponseStream: {
    from(stream: PassThrough, given: unknown) {
      metadata = given;
      return stream;
    },
  },
};
Object.assign(globalThis, { awslambda });

const { handler } = (await import(pathToFileURL(bundle).href)) as { handler: (...args: unknown[]) => Promise<unknown> };
const context = { functionName: 'fn', awsRequestId: 'r', getRemainingTimeInMillis: () => 60_000 };
const parsed = JSON.parse(event) as object;
const stream = new PassThrough();
const streams = 'httpMethod' in parsed;
const [result, body] = await Promise.all(streams ? [handler(parsed, stream, context), text(stream)] : [handler(parsed, context)]);
process.stdout.write(`\n${JSON.stringify(streams ? { metadata, body } : { result })}\n`);
