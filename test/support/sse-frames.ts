/** Cuts an event stream into frames, byte for byte as the contract wants them. */
import type { Json } from './contract-json.ts';

export interface Frame {
  event: string;
  data: Json;
}

type Report = (problem: string) => void;

/** Reads a stream piece by piece; tells each frame to `accept` and everything that is not as it should be to `report`. */
export class SseFrames {
  readonly #accept: (frame: Frame) => void;
  readonly #report: Report;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  #rest = '';
  #isDone = false;
  #hasError = false;

  constructor(accept: (frame: Frame) => void, report: Report) {
    this.#accept = accept;
    this.#report = report;
  }

  /** True once `[DONE]` was read: the official clients read no further. */
  get isDone(): boolean {
    return this.#isDone;
  }

  push(bytes: Uint8Array): void {
    this.#cut(this.#decode(bytes));
  }

  /** The body has come to its end: nothing may be left, and the last word must have been said. */
  end(): void {
    this.#cut(this.#decode());
    if (this.#rest !== '') this.#report(`the stream ends within a frame: ${show(this.#rest)}`);
    // After an error event closing is as good as [DONE].
    if (!this.#isDone && !this.#hasError) this.#report('the stream ends without `event: done`');
  }

  #decode(bytes?: Uint8Array): string {
    try {
      return bytes ? this.#decoder.decode(bytes, { stream: true }) : this.#decoder.decode();
    } catch {
      this.#report('the stream is not UTF-8');
      return '';
    }
  }

  #cut(text: string): void {
    const frames = (this.#rest + text).split('\n\n');
    this.#rest = frames.pop() ?? '';
    for (const frame of frames) this.#read(frame);
  }

  #read(frame: string): void {
    if (this.#isDone) return this.#report(`after [DONE] comes ${show(frame)}`);
    const lines = frame.split('\n');
    if (lines.every((line) => line.startsWith(':'))) return;
    const [, event] = /^event: ([a-z_.]+)$/.exec(lines[0] ?? '') ?? [];
    const [, data] = /^data: (.+)$/.exec(lines[1] ?? '') ?? [];
    if (lines.length !== 2 || event === undefined || data === undefined) return this.#report(`not exactly one event line and one data line: ${show(frame)}`);
    if (event === 'done' || data === '[DONE]') {
      this.#isDone = true;
      if (event !== 'done' || data !== '[DONE]') this.#report(`the last frame must be event done with data [DONE], not ${show(frame)}`);
      return;
    }
    this.#hasError ||= event === 'error';
    const payload = parse(data);
    if (payload === undefined) return this.#report(`${event}: the data is not JSON: ${show(data)}`);
    if (JSON.stringify(payload) !== data) this.#report(`${event}: the JSON is not compact: ${show(data)}`);
    this.#accept({ event, data: payload });
  }
}

const show = (text: string): string => JSON.stringify(text.slice(0, 200));

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
