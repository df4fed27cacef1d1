/** A project's endpoints for its functions, for scenarios that need some. */
import { expect } from '@jest/globals';
import { ToolReceiver } from '../support/tool-receiver.ts';
import type { Run } from './clients/client.ts';
import type { Stage } from './stage.ts';

export interface WireToolEndpoint {
  id: string;
  object: 'tool_endpoint';
  name: string;
  url: string | null;
  lambda_arn: string | null;
  timeout_seconds: number;
  created_at: number;
  updated_at: number;
  signing_secret_hint: string | null;
  signing_secret?: string;
}

export interface NewToolEndpoint {
  name: string;
  url?: string;
  lambda_arn?: string;
  timeout_seconds?: number;
}

export async function newEndpoint(stage: Stage, settings: NewToolEndpoint): Promise<WireToolEndpoint> {
  const { status, body } = await stage.http<WireToolEndpoint>('POST', '/tool_endpoints', { body: settings, unchecked: true });
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
}

export const deleteEndpoint = (stage: Stage, name: string) => stage.http('DELETE', `/tool_endpoints/${name}`, { unchecked: true });

/** A receiver, and endpoints there for functions of these names, until the scenario is over. */
export class Answerer implements AsyncDisposable {
  readonly receiver: ToolReceiver;
  readonly endpoints: readonly WireToolEndpoint[];
  readonly #stage: Stage;

  static async start(stage: Stage, names: string[], settings: Omit<NewToolEndpoint, 'name' | 'url'> = {}): Promise<Answerer> {
    const receiver = await ToolReceiver.start(stage.server.wayOut);
    const endpoints = await Promise.all(names.map((name) => newEndpoint(stage, { name, url: receiver.urlOf(name), ...settings })));
    return new Answerer(stage, receiver, endpoints);
  }

  private constructor(stage: Stage, receiver: ToolReceiver, endpoints: WireToolEndpoint[]) {
    this.#stage = stage;
    this.receiver = receiver;
    this.endpoints = endpoints;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.endpoints.map(({ name }) => deleteEndpoint(this.#stage, name)));
    await this.receiver[Symbol.asyncDispose]();
  }
}

/** What the calls of a run were answered with, in order. */
export const outputsOf = async (stage: Stage, run: Run): Promise<(string | null)[]> =>
  (await stage.stepsOf(run)).flatMap(({ step_details }) => (step_details.type === 'tool_calls' ? step_details.tool_calls.map((called) => (called.type === 'function' ? called.function.output : null)) : []));
