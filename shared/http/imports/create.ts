import { type Incoming, Importer } from '../../actions/import-history.ts';
import { readProject } from '../../actions/project-settings.ts';
import { type Importing, RefusedError } from '../../histories/from-lines.ts';
import { Places, objectsOf, toListed } from '../../histories/from-lists.ts';
import type { World } from '../../ports/world.ts';
import { ImportQuery } from '../../wire/requests/imports.ts';
import { readJson } from '../body.ts';
import { endpoint } from '../endpoint.ts';
import { linesOf } from './lines.ts';
import { type Json, isExportKind, isHeader, isObject, parseLine, readRecord, whyNot } from './read-line.ts';
import { Report, groupOf } from './report.ts';

/** Reads the body line by line, and answers when all of it has been dealt with. One that says it is JSON is one value, however many lines it has. */
export const createImport = endpoint({
  query: ImportQuery,
  isStream: true,
  async handle({ world, projectId, query, request, maxBodyBytes, header }) {
    const importing = { projectId, nowMs: world.clock.nowMs(), retention: (await readProject(world, projectId)).retention };
    const reading = new Reading(world, importing, query.dry_run === 'true');
    if (/^application\/json\b/i.test(header('content-type') ?? '')) await reading.take(1, await readJson(request, maxBodyBytes), 0);
    else {
      let line = 0;
      for await (const bytes of linesOf(request.body as ReadableStream<Uint8Array> | null, maxBodyBytes)) await reading.take(++line, parseLine(bytes), bytes.byteLength);
    }
    return reading.end();
  },
});

class Reading {
  readonly #report: Report;
  readonly #importer: Importer;
  readonly #importing: Importing;
  readonly #places = new Places();

  constructor(world: World, importing: Importing, isDryRun: boolean) {
    this.#importing = importing;
    this.#report = new Report(isDryRun);
    this.#importer = new Importer(world, { projectId: importing.projectId, isDryRun, tell: (outcome) => this.#report.tell(outcome) });
  }

  /** `length` is about how many characters it takes. */
  async take(line: number, value: unknown, length: number): Promise<void> {
    if (value === undefined || isHeader(value)) return;
    const objects = isObject(value) ? objectsOf(value) : undefined;
    if (isObject(value) && isExportKind(value['type']) && 'data' in value) await this.#add(line, value['data'], length, (data) => readRecord(value['type'] as Incoming['kind'], data, this.#importing, line), groupOf(value['type']));
    else if (isObject(value) && value['type'] === 'end') {
      await this.#importer.end();
      this.#report.end(isObject(value['counts']) ? value['counts'] : {});
    } else if (objects) for (const data of objects) await this.#addListed(line, data);
    else this.#report.refuse(line, 'other', null, whyNot(value));
  }

  async end() {
    await this.#importer.end();
    return this.#report.inOrder;
  }

  #addListed(line: number, given: Json): Promise<void> {
    const read = (): Incoming => {
      const { kind, data } = toListed(given);
      const sortId = kind === 'message' ? this.#places.sortIdOf(data) : undefined;
      return readRecord(kind, { ...data, ...(sortId !== undefined && { sort_id: sortId }) }, this.#importing, line);
    };
    return this.#add(line, given, JSON.stringify(given).length, read, groupOfObject(given));
  }

  async #add(line: number, data: unknown, length: number, read: (data: unknown) => Incoming, group: ReturnType<typeof groupOf>): Promise<void> {
    try {
      await this.#importer.add(read(data), length);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      const id = isObject(data) && typeof data['id'] === 'string' ? data['id'].slice(0, 200) : null;
      this.#report.refuse(line, group, id, error.message);
    }
  }
}

function groupOfObject({ object }: Json): ReturnType<typeof groupOf> {
  switch (object) {
    case 'assistant':
      return 'assistants';
    case 'thread':
      return 'threads';
    case 'thread.message':
      return 'messages';
    case 'thread.run':
      return 'runs';
    case 'thread.run.step':
      return 'steps';
    default:
      return 'other';
  }
}
