/** Passes requests on to the engines that stand in for AWS. */
import { once } from 'node:events';
import { Agent, type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { type Known, queueAt, text } from './aws-asking.ts';
import type { AwsRequest, RawRequest } from './aws-request.ts';
import type { Answer } from './aws-words.ts';

/** Engines find a queue only by the very URL that they gave it; DynamoDB tells what a request consumed only if it is asked to. */
export function forEngine(raw: RawRequest, { service, input }: AwsRequest, { queues }: Known): RawRequest {
  const given = (fields: object): RawRequest => ({ ...raw, body: Buffer.from(JSON.stringify({ ...input, ...fields })) });
  if (service === 'sqs') return given({ QueueUrl: queueAt(text(input, 'QueueUrl'), queues).url });
  return service === 'dynamodb' && input['ReturnConsumedCapacity'] === undefined ? given({ ReturnConsumedCapacity: 'TOTAL' }) : raw;
}

export class EngineLines {
  readonly #agent = new Agent({ keepAlive: true });

  async ask(engine: string, request: RawRequest): Promise<Answer> {
    const first = this.#send(engine, request);
    try {
      return await answerTo(first);
    } catch (error) {
      // An engine may close an idle connection at the moment that it is used again: it has seen nothing of the request.
      if (!first.reusedSocket) throw error;
      return await answerTo(this.#send(engine, request));
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(engine: string, { method, url, headers, body }: RawRequest): ClientRequest {
    const { connection: _, expect: __, 'transfer-encoding': ___, ...rest } = headers;
    const target = new URL(url, engine);
    const length = body.length > 0 || method === 'PUT' || method === 'POST' ? { 'content-length': String(body.length) } : {};
    return httpRequest(target, { method, agent: this.#agent, headers: { ...rest, ...length, host: target.host } }).end(body);
  }
}

async function answerTo(asked: ClientRequest): Promise<Answer> {
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const { connection: _, 'keep-alive': __, 'transfer-encoding': ___, ...headers } = answer.headers;
  return { status: answer.statusCode ?? 502, headers, body: await buffer(answer) };
}
