/** From items to records, whether their bodies are in the item or in S3. */
import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { Clock } from '../domain/clock.ts';
import type { Kind, RecordOf } from '../ports/store.ts';
import type { Bodies } from './bodies.ts';
import { type Item, isLive, keyItem, number, parseBody, placeOfItem, text } from './items.ts';
import type { Place } from './schema.ts';

/** Remembered bodies in S3: what replaces or deletes a record removes the body that it had. */
const MOST_KNOWN = 10_000;

export class Reader {
  readonly #db: DynamoDBClient;
  readonly #table: string;
  readonly #bodies: Bodies;
  readonly #clock: Clock;
  readonly #known = new Map<string, { rev: number; blob: string }>();

  constructor(parts: { db: DynamoDBClient; table: string; bodies: Bodies; clock: Clock }) {
    this.#db = parts.db;
    this.#table = parts.table;
    this.#bodies = parts.bodies;
    this.#clock = parts.clock;
  }

  async get<K extends Kind>(kind: K, place: Place): Promise<RecordOf<K> | undefined> {
    const item = await this.#item(place);
    return item && this.record(kind, item);
  }

  /** The record in an item; undefined when it is past its time, or has gone since the item was read. */
  async record<K extends Kind>(kind: K, item: Item): Promise<RecordOf<K> | undefined> {
    if (!isLive(item, this.#clock.nowMs())) return undefined;
    const inline = text(item, 'body');
    if (inline !== undefined) return parseBody(kind, inline);
    const place = placeOfItem(item);
    const blob = text(item, 'blob') ?? '';
    const body = await this.#bodies.get(blob);
    if (body !== undefined) {
      this.know(place, number(item, 'rev') ?? 0, blob);
      return parseBody(kind, body);
    }
    // Replaced or deleted between the two reads, and its body with it: the item tells what it is now.
    const now = await this.#item(place);
    if (now && text(now, 'blob') === blob) throw new Error(`the body of a ${kind} is missing: ${blob}`);
    return now && this.record(kind, now);
  }

  /** Whether anything is there, past its time or not. */
  async has(place: Place): Promise<boolean> {
    return (await this.#item(place)) !== undefined;
  }

  know({ pk, sk }: Place, rev: number, blob: string): void {
    const name = `${pk}\n${sk}`;
    this.#known.delete(name);
    this.#known.set(name, { rev, blob });
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value ?? '');
  }

  /** The body in S3 of a revision that was just replaced or deleted, if it had one that this process has seen. */
  forget({ pk, sk }: Place, rev: number): string | undefined {
    const name = `${pk}\n${sk}`;
    const known = this.#known.get(name);
    if (known?.rev !== rev) return undefined;
    this.#known.delete(name);
    return known.blob;
  }

  async #item(place: Place): Promise<Item | undefined> {
    return (await this.#db.send(new GetItemCommand({ TableName: this.#table, Key: keyItem(place), ConsistentRead: true }))).Item;
  }
}
