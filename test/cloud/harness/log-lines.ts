/** What execution environments write to their outputs, line by line. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { lastLine } from './environment-messages.ts';

export interface LogLine {
  /** The environment's name. */
  environment: string;
  output: 'stdout' | 'stderr';
  text: string;
  /** What the line says when it is JSON. */
  json?: Record<string, unknown>;
}

/** Hands on the lines of one output, and knows when all of an invocation have come. */
export class LogLines {
  readonly #ends = new Map<string, () => void>();
  readonly #ended = new Set<string>();

  constructor(stream: Readable, from: Pick<LogLine, 'environment' | 'output'>, onLine: (line: LogLine) => void) {
    createInterface({ input: stream, crlfDelay: Infinity }).on('line', (text) => {
      if (text === '') return;
      const id = lastLineOf(text);
      if (id === undefined) return onLine({ ...from, text, ...jsonOf(text) });
      this.#ended.add(id);
      this.#ends.get(id)?.();
    });
  }

  /** Resolves when the last line of an invocation has come. */
  async all(id: string): Promise<void> {
    if (!this.#ended.delete(id)) await new Promise<void>((resolve) => this.#ends.set(id, resolve));
    this.#ended.delete(id);
    this.#ends.delete(id);
  }
}

const PREFIX = lastLine('');
const lastLineOf = (text: string): string | undefined => (text.startsWith(PREFIX) ? text.slice(PREFIX.length) : undefined);

function jsonOf(text: string): { json?: Record<string, unknown> } {
  if (!text.startsWith('{')) return {};
  try {
    return { json: JSON.parse(text) as Record<string, unknown> };
  } catch {
    return {};
  }
}
