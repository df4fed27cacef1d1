/** What the stacks set is what the functions read: in the template, and for the compiler. */
import { describe, expect, it } from '@jest/globals';
import type { Template } from 'aws-cdk-lib/assertions';
import type * as z from 'zod';
import { ApiEnv } from '../../../functions/api/env.ts';
import { DeadLettersEnv } from '../../../functions/dead-letters/env.ts';
import { FileIndexerEnv } from '../../../functions/file-indexer/env.ts';
import { FileSearchEnv } from '../../../functions/file-search/env.ts';
import { EventTellerEnv } from '../../../functions/event-teller/env.ts';
import { KeysEnv } from '../../../functions/keys/env.ts';
import { RunTimerEnv } from '../../../functions/run-timer/env.ts';
import { RunWorkerEnv } from '../../../functions/run-worker/env.ts';
import { ThreadReaperEnv } from '../../../functions/thread-reaper/env.ts';
import { WebhookSenderEnv } from '../../../functions/webhook-sender/env.ts';
import { readEnv } from '../../../functions/shared/env.ts';
import type { EnvSchema, ServiceFunctionProps } from '../../../infra/constructs/service-function.ts';
import { asText, everyStage, resources, templatesOf, withoutCode } from '../synthesized.ts';

const schemas: Record<string, EnvSchema> = {
  Api: ApiEnv,
  DeadLetters: DeadLettersEnv,
  EventTeller: EventTellerEnv,
  FileIndexer: FileIndexerEnv,
  FileSearch: FileSearchEnv,
  Keys: KeysEnv,
  RunTimer: RunTimerEnv,
  RunWorker: RunWorkerEnv,
  ThreadReaper: ThreadReaperEnv,
  WebhookSender: WebhookSenderEnv,
};

/** A function's variables, with something likely in the place of what only a deployment knows. */
function variablesOf(template: Template, name: string): Record<string, string> {
  const found = resources(template, 'AWS::Lambda::Function').find(([id]) => id.startsWith(name))?.[1].Properties['Environment'] as { Variables: Record<string, unknown> };
  return Object.fromEntries(Object.entries(found.Variables).map(([variable, value]) => [variable, likely(value)]));
}

const likely = (value: unknown): string => asText(value).replace(/^<(\w*Queue\w+)>$/, 'https://sqs.eu-west-1.amazonaws.com/123456789012/$1');

describe.each([...everyStage, withoutCode])('in $name', (stage) => {
  const { service } = templatesOf(stage);

  it.each(Object.keys(schemas))('%s finds all that it asks for, and nothing that it does not', (name) => {
    const variables = variablesOf(service, name);
    const env = readEnv(schemas[name] as EnvSchema, variables) as Record<string, unknown>;
    expect(env['STAGE']).toBe(stage.name);
    expect(Object.keys(variables).filter((variable) => variable !== 'NODE_OPTIONS' && !(variable in env))).toEqual([]);
  });

  it('those who drive runs, and who cleans up behind threads, know the code interpreter, if there is one', () => {
    const told = Object.keys(schemas).filter((name) => variablesOf(service, name)['CODE_INTERPRETER_ID'] !== undefined);
    expect(told).toEqual(stage.codeInterpreter ? ['Api', 'RunWorker', 'ThreadReaper'] : []);
  });

  it('no function is given an empty variable', () => {
    for (const name of Object.keys(schemas)) expect(Object.values(variablesOf(service, name))).not.toContain('');
  });

  it('every function keeps responses and errors out of traces', () => {
    for (const name of Object.keys(schemas)) {
      expect(variablesOf(service, name)).toMatchObject({ POWERTOOLS_TRACER_CAPTURE_RESPONSE: 'false', POWERTOOLS_TRACER_CAPTURE_ERROR: 'false' });
    }
  });
});

it('an environment that is wrong is named, but not told', () => {
  expect(() => readEnv(RunTimerEnv, { QUEUE_URL: 'my secret' })).toThrow(/QUEUE_URL/);
  expect(() => readEnv(RunTimerEnv, { QUEUE_URL: 'my secret' })).not.toThrow(/my secret/);
});

it('the compiler sees what is missing, too much, or of another provider', () => {
  type Asked<S extends EnvSchema> = ServiceFunctionProps<S>['environment'];
  const right: Asked<typeof ThreadReaperEnv> = { TABLE_NAME: 't', BLOB_BUCKET: 'b', RUN_WINDOW_SECONDS: '600', INDEX_QUEUE_URL: 'https://q' };
  // @ts-expect-error the bucket is missing
  const incomplete: Asked<typeof ThreadReaperEnv> = { TABLE_NAME: 't', RUN_WINDOW_SECONDS: '600', INDEX_QUEUE_URL: 'https://q' };
  // @ts-expect-error there is no such variable
  const misspelt: Asked<typeof ThreadReaperEnv> = { ...right, TABLE: 't' };
  // @ts-expect-error an OpenAI-compatible model needs the secret with its key
  const keyless: z.input<typeof ApiEnv> = { ...right, MODEL_PROVIDER: 'openai' };
  expect([right, incomplete, misspelt, keyless]).toHaveLength(4);
});
