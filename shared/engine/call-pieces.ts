/** Puts the pieces of a model's function calls together, whatever numbering its provider uses. */
import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { FunctionCall } from '../domain/run-step.ts';

/** Providers differ: `index` may begin at 1, be the same for all calls, or be absent; `id` may be empty or come twice. */
export type CallPiece = Partial<ChatCompletionChunk.Choice.Delta.ToolCall>;

/** Something to tell of the call at `position`. `opening`: its first piece, which carries id and name. */
export interface TakenPiece {
  position: number;
  call: FunctionCall;
  opening: boolean;
  arguments: string;
}

interface Slot {
  /** Counted from when its name came, without gaps: what clients and records know the call by. Some providers send the id alone first, or ids that no name follows. */
  position: number | undefined;
  givenId: string | undefined;
  call: FunctionCall;
}

export class CallPieces {
  readonly #slots: Slot[] = [];
  /** Those that have a name, in the order in which it came. */
  readonly #told: Slot[] = [];
  readonly #byIndex = new Map<number, Slot | 'left out'>();
  readonly #most: number;
  readonly #newId: () => string;

  /** Calls beyond `most` are left out; the model can ask for them in its next turn. */
  constructor(most: number, newId: () => string) {
    this.#most = most;
    this.#newId = newId;
  }

  get calls(): FunctionCall[] {
    return this.#told.map((slot) => slot.call);
  }

  /** What there is to tell after this piece, if anything. */
  take(piece: CallPiece): TakenPiece | undefined {
    const slot = this.#slotFor(piece);
    if (slot === undefined) return undefined;
    const { call } = slot;
    const more = piece.function?.arguments ?? '';
    call.name ||= piece.function?.name ?? '';
    call.arguments += more;
    if (slot.position !== undefined) return more === '' ? undefined : { position: slot.position, call, opening: false, arguments: more };
    if (call.name === '') return undefined;
    slot.position = this.#told.push(slot) - 1;
    return { position: slot.position, call, opening: true, arguments: call.arguments };
  }

  #slotFor({ index, id }: CallPiece): Slot | undefined {
    const known = index === undefined ? this.#slots.find((slot) => id && slot.givenId === id) : this.#byIndex.get(index);
    if (known === 'left out') return undefined;
    // The same index with another id is another call; so is no index with an id not seen before.
    if (known && (!id || known.givenId === undefined || known.givenId === id)) return known;
    if (index === undefined && !id && this.#slots.length > 0) return this.#slots.at(-1);
    return this.#open(index, id);
  }

  #open(index: number | undefined, id: string | undefined): Slot | undefined {
    const isFull = this.#slots.length === this.#most;
    if (isFull) {
      if (index !== undefined) this.#byIndex.set(index, 'left out');
      return undefined;
    }
    const isFree = id !== undefined && id !== '' && this.#slots.every((slot) => slot.call.id !== id);
    const call: FunctionCall = { id: isFree ? id : this.#newId(), type: 'function', name: '', arguments: '' };
    const slot: Slot = { position: undefined, givenId: id || undefined, call };
    this.#slots.push(slot);
    if (index !== undefined) this.#byIndex.set(index, slot);
    return slot;
  }
}
