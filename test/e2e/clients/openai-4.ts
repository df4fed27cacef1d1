import OpenAI, { toFile } from 'openai4';
import { AssistantStream } from 'openai4/lib/AssistantStream';
import type { Client, EventIterator, Run, Sdk } from './client.ts';

/** Version 4 takes every id in the order of the path, and says `del`. */
function named(client: OpenAI): Client {
  const { assistants, threads } = client.beta;
  const { messages, runs } = threads;
  const { steps } = runs;
  return {
    post: (path, options) => client.post(path, options),
    get: (path, options) => client.get(path, options),
    models: client.models,
    files: {
      create: (body, options) => client.files.create(body, options),
      retrieve: (id) => client.files.retrieve(id),
      list: (query) => client.files.list(query),
      delete: (id) => client.files.del(id),
      content: (id) => client.files.content(id),
      waitForProcessing: (id) => client.files.waitForProcessing(id),
    },
    uploads: client.uploads,
    vectorStores: storesOf(client),
    beta: {
      assistants: {
        create: (body) => assistants.create(body),
        retrieve: (id) => assistants.retrieve(id),
        update: (id, body) => assistants.update(id, body),
        delete: (id) => assistants.del(id),
        list: (query) => assistants.list(query),
      },
      threads: {
        create: (body) => threads.create(body),
        retrieve: (id) => threads.retrieve(id),
        update: (id, body) => threads.update(id, body),
        delete: (id) => threads.del(id),
        createAndRun: threads.createAndRun.bind(threads),
        createAndRunPoll: (body, options) => threads.createAndRunPoll(body, options),
        createAndRunStream: (body) => threads.createAndRunStream(body),
        messages: {
          create: (threadId, body) => messages.create(threadId, body),
          retrieve: (id, { thread_id }) => messages.retrieve(thread_id, id),
          update: (id, { thread_id, ...body }) => messages.update(thread_id, id, body),
          delete: (id, { thread_id }) => messages.del(thread_id, id),
          list: (threadId, query) => messages.list(threadId, query),
        },
        runs: {
          create: runs.create.bind(runs),
          retrieve: (id, { thread_id }) => runs.retrieve(thread_id, id),
          update: (id, { thread_id, ...body }) => runs.update(thread_id, id, body),
          list: (threadId, query) => runs.list(threadId, query),
          cancel: (id, { thread_id }) => runs.cancel(thread_id, id),
          createAndPoll: (threadId, body, options) => runs.createAndPoll(threadId, body, options),
          poll: (id, { thread_id }, options) => runs.poll(thread_id, id, options),
          stream: (threadId, body) => runs.stream(threadId, body),
          submitToolOutputs: submitting(runs),
          submitToolOutputsAndPoll: (id, { thread_id, ...body }, options) => runs.submitToolOutputsAndPoll(thread_id, id, body, options),
          submitToolOutputsStream: (id, { thread_id, ...body }) => runs.submitToolOutputsStream(thread_id, id, body),
          steps: {
            retrieve: (id, { thread_id, run_id, ...query }) => steps.retrieve(thread_id, run_id, id, query),
            list: (runId, { thread_id, ...query }) => steps.list(thread_id, runId, query),
          },
        },
      },
    },
  };
}

function storesOf({ vectorStores: stores }: OpenAI): Client['vectorStores'] {
  const { files, fileBatches } = stores;
  return {
    create: (body, options) => stores.create(body, options),
    retrieve: (id) => stores.retrieve(id),
    update: (id, body) => stores.update(id, body),
    list: (query) => stores.list(query),
    delete: (id) => stores.del(id),
    search: (id, body) => stores.search(id, body),
    files: {
      create: (storeId, body) => files.create(storeId, body),
      retrieve: (id, { vector_store_id }) => files.retrieve(vector_store_id, id),
      update: (id, { vector_store_id, ...body }) => files.update(vector_store_id, id, body),
      list: (storeId, query) => files.list(storeId, query),
      delete: (id, { vector_store_id }) => files.del(vector_store_id, id),
      content: (id, { vector_store_id }) => files.content(vector_store_id, id),
      createAndPoll: (storeId, body, options) => files.createAndPoll(storeId, body, options),
      uploadAndPoll: (storeId, file, options) => files.uploadAndPoll(storeId, file, options),
    },
    fileBatches: {
      create: (storeId, body, options) => fileBatches.create(storeId, body as Parameters<typeof fileBatches.create>[1], options),
      retrieve: (id, { vector_store_id }) => fileBatches.retrieve(vector_store_id, id),
      cancel: (id, { vector_store_id }) => fileBatches.cancel(vector_store_id, id),
      listFiles: (id, { vector_store_id, ...query }) => fileBatches.listFiles(vector_store_id, id, query),
      createAndPoll: (storeId, body, options) => fileBatches.createAndPoll(storeId, body as Parameters<typeof fileBatches.create>[1], options),
      uploadAndPoll: (storeId, given, options) => fileBatches.uploadAndPoll(storeId, given, options),
    },
  };
}

type Submit = Client['beta']['threads']['runs']['submitToolOutputs'];
type Body = Parameters<Submit>[1];

function submitting(runs: OpenAI['beta']['threads']['runs']): Submit {
  function submit(id: string, body: Omit<Body, 'stream'> & { stream?: false }): Promise<Run>;
  function submit(id: string, body: Omit<Body, 'stream'> & { stream: true }): Promise<EventIterator>;
  function submit(id: string, { thread_id, tool_outputs, stream }: Omit<Body, 'stream'> & { stream?: boolean }): Promise<Run | EventIterator> {
    return runs.submitToolOutputs(thread_id, id, { tool_outputs, ...(stream !== undefined && { stream }) });
  }
  return submit;
}

/** The type that it wants of a `fetch` is node-fetch's, which Node's own does not fit to the letter. */
const connect: Sdk['connect'] = ({ fetch, ...options }) => named(new OpenAI(Object.assign(options, (fetch ? { fetch: ofNode(fetch) } : {}) as object)));

/** It makes forms for node-fetch, which needs no word about bodies that are streams. */
const ofNode = (fetch: typeof globalThis.fetch): typeof fetch => (input, init) => fetch(input, { ...init, ...(init?.body && { duplex: 'half' }) });

export const openai4: Sdk = { major: 4, connect, toFile: (content, name) => toFile(content, name) as Promise<File>, errors: OpenAI, helperOf: (events) => AssistantStream.fromReadableStream(events.toReadableStream()) };
