import type { Annotation, ContentPart } from '../domain/message.ts';
import type { MessageDelta } from '../domain/run-event.ts';
import { Citer, type Lookup, type Told } from './citations.ts';

interface Part {
  type: 'text' | 'refusal';
  pieces: string[];
  annotations: Annotation[];
  citer: Citer | undefined;
}

/** What the model says in one message, part by part. `cited` is there when it may cite. */
export class SpokenParts {
  readonly #cited: Lookup | undefined;
  readonly #parts: Part[] = [];

  constructor(cited: Lookup | undefined) {
    this.#cited = cited;
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** All that has been told. */
  get content(): ContentPart[] {
    return this.#parts.map(({ type, pieces, annotations }): ContentPart => {
      const whole = pieces.join('');
      return type === 'text' ? { type, text: { value: whole, annotations: [...annotations] } } : { type, refusal: whole };
    });
  }

  get words(): string {
    return this.#parts.map((part) => part.pieces.join('')).join('');
  }

  /** What is to be told of this piece. A part is opened by its first piece, even if that is still held back. */
  say(type: 'text' | 'refusal', piece: string): MessageDelta[] {
    const last = this.#parts.at(-1);
    if (last?.type === type) return this.#add(last, last.citer?.take(piece) ?? [{ value: piece }], false);
    const before = this.end();
    const part: Part = { type, pieces: [], annotations: [], citer: type === 'text' && this.#cited ? new Citer(this.#cited) : undefined };
    this.#parts.push(part);
    const told = part.citer?.take(piece) ?? [];
    return [...before, ...this.#add(part, told.length > 0 ? told : [{ value: part.citer ? '' : piece }], true)];
  }

  /** What was held back of the last part: nothing follows that could make a citation of it. */
  end(): MessageDelta[] {
    const last = this.#parts.at(-1);
    return last?.citer ? this.#add(last, last.citer.end(), false) : [];
  }

  #add(part: Part, told: Told[], isNew: boolean): MessageDelta[] {
    const index = this.#parts.indexOf(part);
    return told.map(({ value, annotation }, at): MessageDelta => {
      part.pieces.push(value);
      if (part.type === 'refusal') return { index, type: 'refusal', refusal: value };
      const annotations = annotation ? [{ index: part.annotations.push(annotation) - 1, ...annotation }] : [];
      return { index, type: 'text', text: annotation || (isNew && at === 0) ? { value, annotations } : { value } };
    });
  }
}
