/** Names that the server under test is told of in its settings. */

/** A model with a small context window, in tokens. */
export const SMALL_MODEL = 'small';
export const SMALL_WINDOW = 1024;

/** A name that applications still use, and what serves it. */
export const OLD_MODEL = 'gpt-4-1106-preview';
export const OLD_MODEL_NOW = 'gpt-4o';
