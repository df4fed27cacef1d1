/** Adds up deltas as the official client does, and compares the sum with what the stream says in the end. */
import { isDeepStrictEqual } from 'node:util';
import { AssistantStream } from 'openai/lib/AssistantStream';
import { clone, dig, type Json, type JsonObject, object } from './contract-json.ts';

type ListName = 'content' | 'tool_calls';

/** The growing list of content parts of a message, or of the calls of a step. */
export class DeltaSum {
  readonly #name: ListName;
  readonly #sum: JsonObject;

  constructor(name: ListName) {
    this.#name = name;
    this.#sum = { [name]: [] };
  }

  /** Throws when an entry has no place in the list or does not add to what is there. */
  add(entries: Json | undefined): void {
    if (entries === undefined) return;
    if (!Array.isArray(entries)) throw new Error(`${this.#name} of a delta is not a list`);
    for (const entry of entries) this.#addEntry(object(entry) ?? {});
  }

  #addEntry(entry: JsonObject): void {
    const list = this.#list;
    const { index } = entry;
    if (typeof index !== 'number' || index < 0 || index > list.length) throw new Error(`a delta has the index ${JSON.stringify(index)} while the list has ${list.length} entries`);
    checkNested(entry);
    const known = object(list[index]);
    if (known && known['type'] !== entry['type']) throw new Error(`entry ${index} changes its type from ${JSON.stringify(known['type'])} to ${JSON.stringify(entry['type'])}`);
    AssistantStream.accumulateDelta(this.#sum, { [this.#name]: [clone(entry)] });
  }

  get #list(): Json[] {
    return this.#sum[this.#name] as Json[];
  }

  /** What its entries are, in order. */
  get types(): (Json | undefined)[] {
    return this.#list.map((entry) => dig(entry, 'type'));
  }

  /** Why the sum is not the list `final`, if it is not. */
  differenceFrom(final: Json | undefined): string | undefined {
    return difference(this.#list.map(asFinal), final);
  }

  /** The same for a list that may leave entries out. */
  differenceFromSome(final: Json | undefined): string | undefined {
    const ids = Array.isArray(final) ? final.map((entry) => dig(entry, 'id')) : [];
    return difference(this.#list.filter((entry) => ids.includes(dig(entry, 'id'))).map(asFinal), final);
  }
}

function difference(told: Json[], final: Json | undefined): string | undefined {
  const said = Array.isArray(final) ? final.map(asFinal) : final;
  return isDeepStrictEqual(told, said) ? undefined : `the deltas add up to ${JSON.stringify(told)}, but the end says ${JSON.stringify(said)}`;
}

/** Lists within an entry need an index too, or the official clients throw. */
function checkNested(entry: JsonObject): void {
  for (const nested of [dig(entry, 'text', 'annotations'), dig(entry, 'code_interpreter', 'outputs')]) {
    if (Array.isArray(nested) && nested.some((part) => typeof dig(part, 'index') !== 'number')) throw new Error('a delta has a nested entry without an index');
  }
}

/** An entry without what only deltas, or only ends, have. */
function asFinal(entry: Json): Json {
  const { index: _index, ...rest } = clone(object(entry) ?? {});
  const { text, function: call } = rest;
  const inner = object(text);
  if (inner) rest['text'] = { value: inner['value'] ?? '', annotations: (Array.isArray(inner['annotations']) ? inner['annotations'] : []).map(withoutMarks) };
  // The output is submitted later, not streamed; and what a search found comes only in the end.
  const { output: _output, ...told } = object(call) ?? {};
  if (object(call)) rest['function'] = told;
  if (rest['type'] === 'file_search') delete rest['file_search'];
  const code = object(rest['code_interpreter']);
  if (code) rest['code_interpreter'] = { ...code, outputs: (Array.isArray(code['outputs']) ? code['outputs'] : []).map(withoutMarks) };
  for (const image of [object(rest['image_file']), object(rest['image_url'])]) delete image?.['detail'];
  return rest;
}

function withoutMarks(part: Json): Json {
  const { index: _index, ...rest } = clone(object(part) ?? {});
  delete object(rest['file_citation'])?.['quote'];
  return rest;
}
