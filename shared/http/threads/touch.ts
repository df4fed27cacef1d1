import { findThread } from '../../actions/find.ts';
import { touched } from '../../domain/thread.ts';
import { toWireThread } from '../../wire/thread.ts';
import { endpoint } from '../endpoint.ts';
import { modify } from '../modify.ts';

/** Threadkeep's own: counts as activity, so the thread's retention starts anew. */
export const touchThread = endpoint({
  async handle({ world, projectId, id }) {
    const find = () => findThread(world, projectId, id('thread_id'));
    return toWireThread(await modify(world, 'thread', find, (before) => touched(before, world.clock.nowMs())));
  },
});
