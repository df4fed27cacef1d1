import { describe, expect, it, jest } from '@jest/globals';
import { describeError } from '../../functions/shared/describe-error.ts';
import { openTelemetry } from '../../functions/shared/telemetry.ts';
import { ConflictError } from '../../shared/ports/commit.ts';
import { ModelError } from '../../shared/ports/model.ts';
import { keys } from '../../shared/ports/store.ts';

const SECRET = 'what a user wrote';

describe('what is told of an error', () => {
  it('is everything, for one that was thrown here', () => {
    const told = describeError(new Error('run_1 cannot be streamed while it is queued', { cause: new Error('because') }));
    expect(told).toMatchObject({ name: 'Error', message: 'run_1 cannot be streamed while it is queued', cause: { name: 'Error', message: 'because' } });
    expect(told.frames?.[0]).toMatch(/^at .*functions-telemetry/);
  });

  it('is the code and the request, for one of AWS', () => {
    const error = Object.assign(new Error('not authorized to perform: dynamodb:GetItem'), { name: 'AccessDeniedException', $fault: 'client', $metadata: { requestId: 'ABC', attempts: 1 } });
    expect(describeError(error)).toMatchObject({ name: 'AccessDeniedException', message: 'not authorized to perform: dynamodb:GetItem', facts: { $fault: 'client', awsRequestId: 'ABC' } });
  });

  it.each([
    ['a parser', () => JSON.parse(`{"content": ${SECRET}`) as unknown],
    ['a provider', () => { throw new ModelError('rejected', `Invalid prompt: ${SECRET}`, { cause: new TypeError(SECRET) }); }],
    ['a lost race', () => { throw new ConflictError(keys.run('p', 't', 'r'), undefined); }],
    ['an abort', () => AbortSignal.abort({ content: SECRET }).throwIfAborted()],
    ['one with too much to say', () => { throw Object.assign(new RangeError(SECRET), { code: SECRET, status: 429, content: SECRET }); }],
  ])('is nothing of what %s had before it', (_who, fail) => {
    let thrown: unknown;
    try {
      fail();
    } catch (error) {
      thrown = error;
    }
    expect(JSON.stringify(describeError(thrown))).not.toContain(SECRET);
  });

  it('ends, however long the chain of causes', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(describeError(error)).length).toBeLessThan(20_000);
  });
});

describe('a log line', () => {
  function linesOf(write: (telemetry: ReturnType<typeof openTelemetry>) => void): Record<string, unknown>[] {
    const written: string[] = [];
    const capture = (chunk: unknown) => (written.push(String(chunk)), true);
    const spies = [process.stdout, process.stderr].map((stream) => jest.spyOn(stream, 'write').mockImplementation(capture));
    try {
      write(openTelemetry({ STAGE: 'test', LOG_LEVEL: 'INFO' }));
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
    return written.join('').split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('is its code, ids and numbers, and is counted under the code', () => {
    const lines = linesOf(({ log, metrics }) => {
      log.info('run_ended', { runId: 'run_1', status: 'failed' });
      log.error('job_failed', { runId: 'run_1', error: new ModelError('rejected', SECRET) });
      metrics.publishStoredMetrics();
    });
    expect(lines[0]).toMatchObject({ level: 'INFO', message: 'run_ended', runId: 'run_1', status: 'failed', service: 'threadkeep-test' });
    expect(lines[1]).toMatchObject({ level: 'ERROR', message: 'job_failed', error: { name: 'ModelError', facts: { kind: 'rejected' } } });
    expect(lines[2]).toMatchObject({ run_ended_failed: 1, job_failed: 1, service: 'threadkeep-test', _aws: { CloudWatchMetrics: [{ Namespace: 'Threadkeep', Dimensions: [['service']] }] } });
    expect(JSON.stringify(lines)).not.toContain(SECRET);
  });

  it('is as careful when an error reaches the logger by another way', () => {
    expect(JSON.stringify(linesOf(({ logger }) => logger.error('library said so', new TypeError(SECRET))))).not.toContain(SECRET);
  });
});
