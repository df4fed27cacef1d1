/** What may be told of an error in a log: enough to find it, nothing that a user or a model wrote. */

export interface ErrorDescription {
  name: string;
  message?: string;
  /** Codes and numbers that errors of AWS, of Node and of model providers carry. */
  facts?: Record<string, string | number>;
  /** Where it was thrown, without the message that heads a stack. */
  frames?: string[];
  cause?: ErrorDescription;
}

const FACTS = ['code', 'status', 'kind', 'retryAfterMs', '$fault', 'syscall'] as const;
const DEEPEST_CAUSE = 4;
const MOST_FRAMES = 12;

export function describeError(error: unknown, depth = 0): ErrorDescription {
  if (!(error instanceof Error)) return { name: `a thrown ${error === null ? 'null' : typeof error}` };
  const frames = framesOf(error);
  const facts = factsOf(error);
  return {
    name: error.name,
    ...(mayBeTold(error) && { message: error.message }),
    ...(Object.keys(facts).length > 0 && { facts }),
    ...(frames.length > 0 && { frames }),
    ...(error.cause !== undefined && depth < DEEPEST_CAUSE && { cause: describeError(error.cause, depth + 1) }),
  };
}

/**
 * Messages written here (plain Errors) and by AWS name ids and resources. All others may quote: a SyntaxError the JSON that
 * it stumbled over, a provider's error the prompt that it refused.
 */
const mayBeTold = (error: Error): boolean => error.constructor === Error || error.constructor.name === 'Error' || '$fault' in error;

const framesOf = (error: Error): string[] =>
  (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, MOST_FRAMES)
    .map((line) => line.trim());

/** Short ones alone: a code is a word, whatever is longer is prose. */
function factsOf(error: Error): Record<string, string | number> {
  const own = error as Error & Partial<Record<(typeof FACTS)[number], unknown>> & { $metadata?: { requestId?: string } };
  const found = FACTS.flatMap((name) => {
    const value = own[name];
    return typeof value === 'number' || (typeof value === 'string' && /^[\w.$-]{1,64}$/.test(value)) ? [[name, value] as const] : [];
  });
  const requestId = own.$metadata?.requestId;
  return Object.fromEntries([...found, ...(requestId === undefined ? [] : [['awsRequestId', requestId] as const])]);
}
