/** The one list of what every version of the official client must be able to do. */
import { describe } from '@jest/globals';
import type { Sdk } from '../clients/client.ts';
import { type Stage, type Start, embedded, useStageOn } from '../stage.ts';
import { assistants } from './assistants.ts';
import { attachments } from './attachments.ts';
import { cancel } from './cancel.ts';
import { codeFileExpiry, codeFiles } from './code-files.ts';
import { errors } from './errors.ts';
import { expiry } from './expiry.ts';
import { fileSearch } from './file-search.ts';
import { fileExpiry, files } from './files.ts';
import { following } from './follow.ts';
import { helpers } from './helpers.ts';
import { limits } from './limits.ts';
import { locks } from './locks.ts';
import { messages } from './messages.ts';
import { models } from './models.ts';
import { paging } from './paging.ts';
import { projects } from './projects.ts';
import { replacingRuns } from './replacing-runs.ts';
import { retention } from './retention.ts';
import { runs } from './runs.ts';
import { sameRecord } from './same-record.ts';
import { settings } from './settings.ts';
import { shipped } from './shipped.ts';
import { streams } from './streams.ts';
import { threads } from './threads.ts';
import { tools } from './tools.ts';
import { uploadExpiry, uploads } from './uploads.ts';
import { upstream } from './upstream.ts';
import { vectorStoreBatches } from './vector-store-batches.ts';
import { vectorStoreCrowds } from './vector-store-crowds.ts';
import { vectorStoreErrors } from './vector-store-errors.ts';
import { vectorStoreExpiry } from './vector-store-expiry.ts';
import { vectorStoreFiles } from './vector-store-files.ts';
import { vectorStoreSearch } from './vector-store-search.ts';
import { vectorStores } from './vector-stores.ts';
import { waitingRuns } from './waiting-runs.ts';
import { waitingTime } from './waiting-time.ts';

type Scenarios = ((use: () => Stage) => void)[];

/** In which one version of the client can differ from another. */
const OF_THE_CLIENT: Scenarios = [assistants, threads, messages, paging, models, runs, tools, fileSearch, streams, helpers, settings, cancel, errors, shipped, vectorStores, vectorStoreFiles, vectorStoreBatches, files, uploads];
const OF_THE_SERVER: Scenarios = [locks, waitingRuns, replacingRuns, following, limits, upstream, sameRecord, projects, attachments, codeFiles, vectorStoreSearch, vectorStoreErrors, vectorStoreCrowds];

/** In which they can differ by what stands between them and the server: bodies, forms, streams, retries. */
const ON_THE_WAY: Scenarios = [threads, messages, models, runs, tools, fileSearch, streams, helpers, errors, files, uploads];

/** `start` is the world that it is done in. */
export function everything(sdk: Sdk, start: Start = embedded): void {
  play(sdk, start, [...OF_THE_CLIENT, ...OF_THE_SERVER]);
  describe(`openai ${sdk.major}, as time goes by`, () => {
    const use = useStageOn(sdk, (model) => start(model, { clocked: true }));
    for (const scenarios of [expiry, waitingTime, retention, vectorStoreExpiry, fileExpiry, codeFileExpiry, uploadExpiry]) scenarios(use);
  });
}

/** For a world that another version has shown to be right: openai 7 does everything in both. */
export const whatClientsDo = (sdk: Sdk, start: Start = embedded): void => play(sdk, start, OF_THE_CLIENT);

/** For a version that has shown all of that in another world. */
export const whatClientsSend = (sdk: Sdk, start: Start): void => play(sdk, start, ON_THE_WAY);

function play(sdk: Sdk, start: Start, scenarios: Scenarios): void {
  describe(`openai ${sdk.major}`, () => {
    const use = useStageOn(sdk, (model) => start(model, { clocked: false }));
    for (const each of scenarios) each(use);
  });
}
