/** What is wrong with a document, as those say it who read it: the child process imports nothing from outside its folder. */

export interface Failure {
  reason: 'empty' | 'no_text' | 'scanned' | 'encrypted' | 'damaged' | 'too_deep' | 'too_large' | 'too_slow' | 'too_hungry' | 'encoding' | 'named_wrong';
  /** What the reason's sentence is completed with. Of our own making. */
  detail: string;
}

export class ReadingError extends Error implements Failure {
  readonly reason: Failure['reason'];
  readonly detail: string;
  constructor(reason: Failure['reason'], detail = '', options?: ErrorOptions) {
    super(`${reason} ${detail}`, options);
    this.name = 'ReadingError';
    this.reason = reason;
    this.detail = detail;
  }
}
