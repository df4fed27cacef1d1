import { describe, expect, it } from '@jest/globals';
import { happeningOf } from '../../shared/actions/webhook-events.ts';
import { afterAttempt, newDelivery, pauseAfter } from '../../shared/domain/delivery.ts';
import { PREFIX } from '../../shared/domain/ids.ts';
import { RUN_TRANSITIONS } from '../../shared/domain/run.ts';
import { EVENT_TYPES } from '../../shared/domain/webhook-event.ts';
import type { FeedEvent } from '../../shared/ports/feed.ts';

const AT_MS = Date.UTC(2026, 0, 15);
/** What the function reads of a record, and no more. */
const told = (type: FeedEvent['type'], kind: FeedEvent['kind'], record: object): FeedEvent =>
  ({ type, kind, atMs: AT_MS, record: { projectId: 'proj', rev: 3, ...record }, ...(type === 'updated' && { before: {} }) }) as FeedEvent;
const run = (status: string, type: FeedEvent['type'] = 'updated') => told(type, 'run', { id: 'run_1', threadId: 'thread_1', assistantId: 'asst_1', status });

describe('what endpoints are told', () => {
  it.each(Object.keys(RUN_TRANSITIONS))('is every state of a run: %s', (status) => {
    const happening = happeningOf(run(status));
    expect(happening).toMatchObject({ projectId: 'proj', threadId: 'thread_1', event: { type: `thread.run.${status}`, createdAtMs: AT_MS, data: { id: 'run_1', thread_id: 'thread_1', assistant_id: 'asst_1' } } });
    expect(EVENT_TYPES).toContain(happening?.event.type);
  });

  it.each([
    ['thread.created', told('created', 'thread', { id: 'thread_1' })],
    ['thread.deleted', told('removed', 'thread', { id: 'thread_1' })],
    ['thread.deleted', told('removed', 'thread', { id: 'thread_1', removeAfterMs: AT_MS + 1 })],
    ['thread.expired', told('removed', 'thread', { id: 'thread_1', removeAfterMs: AT_MS })],
    ['thread.run.queued', run('queued', 'created')],
    ['thread.message.completed', told('created', 'message', { id: 'msg_1', threadId: 'thread_1', runId: 'run_1', status: 'completed' })],
    ['thread.export.completed', told('updated', 'export', { id: 'exp_1', of: { threadId: 'thread_1' }, status: 'completed' })],
    ['thread.export.completed', told('updated', 'export', { id: 'exp_1', of: { metadata: {} }, status: 'completed' })],
  ])('is %s', (type, event) => expect(happeningOf(event)?.event.type).toBe(type));

  it.each([
    ['a client’s own message', told('created', 'message', { id: 'msg_1', threadId: 'thread_1', status: 'completed' })],
    ['a message that was cut off', told('created', 'message', { id: 'msg_1', threadId: 'thread_1', runId: 'run_1', status: 'incomplete' })],
    ['an export under way', told('updated', 'export', { id: 'exp_1', of: { metadata: {} }, status: 'in_progress' })],
  ])('is nothing of %s', (_what, event) => expect(happeningOf(event)).toBeUndefined());

  it('names an imported message as clients know it', () => {
    const imported = told('created', 'message', { id: 'msg_sorted', importedId: 'msg_hosted', threadId: 'thread_1', runId: 'run_1', status: 'completed' });
    expect(happeningOf(imported)?.event.data).toEqual({ id: 'msg_hosted', thread_id: 'thread_1', run_id: 'run_1' });
  });

  it('has the same id whenever it is told, and another for whatever else happens', () => {
    const id = (event: FeedEvent) => happeningOf(event)?.event.id;
    expect(id(run('completed'))).toMatch(new RegExp(`^${PREFIX.event}[0-9A-Za-z]{24}$`));
    expect(id(run('completed'))).toBe(id(run('completed')));
    expect(new Set([id(run('completed')), id(run('failed')), id({ ...run('completed'), atMs: AT_MS + 1 })]).size).toBe(3);
  });
});

describe('a pause before the next try', () => {
  it('grows to four hours, is spread from nothing on, and is never none', () => {
    const longest = (failures: number) => pauseAfter(failures, 0.999_999_999);
    expect([1, 2, 3, 4].map(longest)).toEqual([5000, 10_000, 20_000, 40_000]);
    expect([20, 100, 2000].map(longest)).toEqual([14_400_000, 14_400_000, 14_400_000]);
    expect(pauseAfter(10, 0)).toBe(1000);
  });
});

describe('a delivery', () => {
  const delivery = newDelivery({ id: 'evt_1', type: 'thread.created', createdAtMs: AT_MS, data: { id: 'thread_1' } }, { id: 'whe_1', projectId: 'proj' }, 'thread_1', AT_MS);
  const tried = (status: number | undefined, nowMs = AT_MS) => afterAttempt(delivery, { atMs: nowMs, durationMs: 1, ...(status === undefined ? { error: 'x' } : { status }) }, nowMs, 0.5).status;

  it.each([[200], [204], [299]])('is done with %s', (status) => expect(tried(status)).toBe('delivered'));
  it.each([[100], [301], [400], [410], [429], [500], [undefined]])('is tried again after %s', (status) => expect(tried(status)).toBe('pending'));
  it('is given up three days after its event', () => {
    expect(tried(500, AT_MS + 3 * 86_400_000 - 1)).toBe('pending');
    expect(tried(500, AT_MS + 3 * 86_400_000)).toBe('failed');
    expect(tried(200, AT_MS + 4 * 86_400_000)).toBe('delivered');
  });
});
