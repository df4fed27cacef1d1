/** The real server in this process, with something of everything in it, and an eye on its database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { readEnv } from '../../local/env.ts';
import { type Running, serve } from '../../local/serve.ts';
import { createKey } from '../../shared/actions/keys.ts';
import type { Json, JsonObject } from '../support/contract-json.ts';
import { type Answer, type Sent, send } from './answers.ts';
import { type Ids, upload } from './samples.ts';

export const MAX_BODY_BYTES = 1024 * 1024;
const SETTLED_WITHIN_MS = 10_000;
/** Of jobs: to tidy an index comes seconds after what it is for, and changes nothing that anybody sees. */
const COUNTS = `name NOT LIKE 'index:tidy:%'`;

export class Target {
  readonly origin: URL;
  readonly #running: Running;
  readonly #folder: string;
  readonly #db: DatabaseSync;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #countAll: string;
  /** A thread with messages and a run that has ended. */
  ids: Ids = { assistant_id: '', thread_id: '', message_id: '', run_id: '', step_id: '', export_id: '', webhook_endpoint_id: '', function_name: '', file_id: '', upload_id: '', vector_store_id: '', batch_id: '', model: 'threadkeep-demo' };
  /** Of another project. */
  foreign: Ids = this.ids;
  /** A run that waits for tool outputs. */
  waiting = { thread_id: '', run_id: '' };

  static async start(): Promise<Target> {
    const folder = mkdtempSync(join(tmpdir(), 'threadkeep-fuzz-'));
    const running = await serve(readEnv({ PORT: '0', DATA_DIR: folder, MAX_BODY_BYTES: String(MAX_BODY_BYTES), ALLOWED_HOSTS: '*' }));
    const target = new Target(running, folder);
    target.ids = await target.#fill('sk-local', 'Good morning');
    const { key } = await createKey(running.world, 'proj_other', 'other');
    target.foreign = await target.#fill(key, 'Good morning');
    const { thread_id, run_id } = await target.#fill('sk-local', 'How is the weather?');
    target.waiting = { thread_id, run_id };
    return target;
  }

  private constructor(running: Running, folder: string) {
    this.#running = running;
    this.#folder = folder;
    this.origin = new URL(running.baseUrl);
    this.#db = new DatabaseSync(join(folder, 'threadkeep.db'), { readOnly: true });
    // Every table, and of each every number that it keeps: revisions, sequences and times change with whatever is written.
    const numbers = this.#db.prepare(`SELECT t.name AS name, group_concat('total(' || c.name || ')', ' || '' '' || ') AS marks
      FROM sqlite_master t JOIN pragma_table_info(t.name) c ON c.type = 'INTEGER' WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' GROUP BY t.name`).all();
    this.#countAll = numbers.map(({ name, marks }) => `SELECT '${String(name)}' AS name, count(*) AS rows, total(rowid) || ' ' || ${String(marks)} AS marks FROM "${String(name)}" ${name === 'job' ? `WHERE ${COUNTS}` : ''}`).join(' UNION ALL ');
  }

  /** The state of every table. Two that are alike mean that nothing was written in between. */
  snapshot(): string {
    return this.#db.prepare(this.#countAll).all().map(({ name, rows, marks }) => `${String(name)} ${String(rows)} (${String(marks)})`).join(', ');
  }

  send(sent: Sent): Promise<Answer> {
    return send(this.origin, this.#agent, sent);
  }

  /** A request that must succeed. */
  async good(method: string, path: string, body?: Json, key = 'sk-local'): Promise<JsonObject> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const answer = await this.send({ method, path: `/v1${path}`, headers: { authorization: `Bearer ${key}` }, body: text });
    if (answer.status !== 200) throw new Error(`${method} ${path} was answered with ${answer.status}: ${answer.text}`);
    return JSON.parse(answer.text) as JsonObject;
  }

  /** Waits until no run is being driven, no export written, and nothing is left to tell. */
  async settled(): Promise<void> {
    const startedMs = performance.now();
    const driving = this.#db.prepare(`SELECT (SELECT count(*) FROM job WHERE name LIKE 'drive:%' OR name LIKE 'export:%' OR (name LIKE 'index:%' AND ${COUNTS})) + (SELECT count(*) FROM outbox) AS jobs`);
    while (Number(driving.get()?.['jobs']) > 0) {
      if (performance.now() - startedMs > SETTLED_WITHIN_MS) throw new Error('a run is still being driven, an export written, or an event told');
      await turn();
    }
  }

  async stop(): Promise<void> {
    this.#db.close();
    this.#agent.destroy();
    await this.#running.stop();
    rmSync(this.#folder, { recursive: true });
  }

  async #fill(key: string, question: string): Promise<Ids> {
    const tools: Json = [{ type: 'function', function: { name: 'get_weather' } }];
    const assistant_id = idOf(await this.good('POST', '/assistants', { model: 'threadkeep-demo', tools }, key));
    const thread_id = idOf(await this.good('POST', '/threads', { messages: [{ role: 'user', content: question }] }, key));
    const run_id = idOf(await this.good('POST', `/threads/${thread_id}/runs`, { assistant_id }, key));
    const webhook_endpoint_id = idOf(await this.good('POST', '/webhook_endpoints', { name: 'Mine', url: 'http://127.0.0.1:9/', event_types: ['thread.expired'] }, key));
    const function_name = idOf(await this.good('POST', '/tool_endpoints', { name: `answers_${thread_id}`, url: 'http://127.0.0.1:9/' }, key));
    const upload_id = idOf(await this.good('POST', '/uploads', upload, key));
    const { file } = await this.good('POST', `/uploads/${idOf(await this.good('POST', '/uploads', upload, key))}/complete`, { part_ids: [] }, key);
    const file_id = idOf(file as JsonObject);
    const vector_store_id = idOf(await this.good('POST', '/vector_stores', { file_ids: [file_id] }, key));
    const batch_id = idOf(await this.good('POST', `/vector_stores/${vector_store_id}/file_batches`, { file_ids: [file_id] }, key));
    const export_id = idOf(await this.good('POST', `/threads/${thread_id}/exports`, {}, key));
    await this.settled();
    const first = async (path: string) => idOf(await this.good('GET', `/threads/${thread_id}/${path}?limit=1`, undefined, key), 'first_id');
    return { assistant_id, thread_id, run_id, export_id, webhook_endpoint_id, function_name, file_id, upload_id, vector_store_id, batch_id, message_id: await first('messages'), step_id: await first(`runs/${run_id}/steps`), model: 'threadkeep-demo' };
  }
}

/** The id in an object of the API. */
export function idOf(body: JsonObject, name = 'id'): string {
  const id = body[name];
  if (typeof id !== 'string') throw new Error(`no ${name} in ${JSON.stringify(body)}`);
  return id;
}
