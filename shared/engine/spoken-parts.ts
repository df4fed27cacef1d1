import type { Annotation, ContentPart } from '../domain/message.ts';
import type { MessageDelta } from '../domain/run-event.ts';
import { Citer, type Lookup, type Told } from './citations.ts';
import { type LinkLookup, Linker } from './links.ts';

/** What a message may have beside words. */
export interface SpokenWith {
  /** There when it may cite. */
  cited?: Lookup | undefined;
  /** Files that it may link to. */
  links?: LinkLookup | undefined;
  /** File ids of the images that it begins with. */
  images?: readonly string[] | undefined;
}

/** Finds the annotations of one text. Links are looked for in what is left of it when made-up citations are taken out. */
class Annotator {
  readonly #citer: Citer | undefined;
  readonly #linker: Linker | undefined;

  constructor({ cited, links }: SpokenWith) {
    this.#citer = cited && new Citer(cited);
    this.#linker = links && links.size > 0 ? new Linker(links) : undefined;
  }

  take(piece: string): Told[] {
    const told = this.#citer?.take(piece) ?? [{ value: piece }];
    return this.#linker?.take(told) ?? told;
  }

  end(): Told[] {
    const told = this.#citer?.end() ?? [];
    return this.#linker ? [...this.#linker.take(told), ...this.#linker.end()] : told;
  }
}

interface Part {
  type: 'text' | 'refusal';
  pieces: string[];
  annotations: Annotation[];
  annotator: Annotator | undefined;
}

const imagePart = (file_id: string) => ({ type: 'image_file' as const, image_file: { file_id, detail: 'auto' as const } });

/** What the model shows and says in one message, part by part. */
export class SpokenParts {
  readonly #with: SpokenWith;
  #shown: readonly string[] = [];
  readonly #parts: Part[] = [];

  constructor(spokenWith: SpokenWith) {
    this.#with = spokenWith;
  }

  get isEmpty(): boolean {
    return this.#shown.length === 0 && this.#parts.length === 0;
  }

  /** All that has been told. */
  get content(): ContentPart[] {
    const spoken = this.#parts.map(({ type, pieces, annotations }): ContentPart => {
      const whole = pieces.join('');
      return type === 'text' ? { type, text: { value: whole, annotations: [...annotations] } } : { type, refusal: whole };
    });
    return [...this.#shown.map(imagePart), ...spoken];
  }

  get words(): string {
    return this.#parts.map((part) => part.pieces.join('')).join('');
  }

  /** The files that it links to, each once. */
  get linked(): string[] {
    const annotations = this.#parts.flatMap((part) => part.annotations);
    return [...new Set(annotations.flatMap((annotation) => (annotation.type === 'file_path' ? annotation.file_path.file_id : [])))];
  }

  /** Tells the images. To be called once, before anything is said. */
  begin(): MessageDelta[] {
    this.#shown = this.#with.images ?? [];
    return this.#shown.map((fileId, index) => ({ index, ...imagePart(fileId) }));
  }

  /** What is to be told of this piece. A part is opened by its first piece, even if that is still held back. */
  say(type: 'text' | 'refusal', piece: string): MessageDelta[] {
    const last = this.#parts.at(-1);
    if (last?.type === type) return this.#add(last, last.annotator?.take(piece) ?? [{ value: piece }], false);
    const before = this.end();
    const part: Part = { type, pieces: [], annotations: [], annotator: type === 'text' ? new Annotator(this.#with) : undefined };
    this.#parts.push(part);
    const told = part.annotator?.take(piece) ?? [{ value: piece }];
    return [...before, ...this.#add(part, told.length > 0 ? told : [{ value: '' }], true)];
  }

  /** What was held back of the last part: nothing follows that could make an annotation of it. */
  end(): MessageDelta[] {
    const last = this.#parts.at(-1);
    return last?.annotator ? this.#add(last, last.annotator.end(), false) : [];
  }

  #add(part: Part, told: Told[], isNew: boolean): MessageDelta[] {
    const index = this.#shown.length + this.#parts.indexOf(part);
    return told.map(({ value, annotation }, at): MessageDelta => {
      part.pieces.push(value);
      if (part.type === 'refusal') return { index, type: 'refusal', refusal: value };
      const annotations = annotation ? [{ index: part.annotations.push(annotation) - 1, ...annotation }] : [];
      return { index, type: 'text', text: annotation || (isNew && at === 0) ? { value, annotations } : { value } };
    });
  }
}
