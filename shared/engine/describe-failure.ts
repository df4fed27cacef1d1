import type { ModelError } from '../ports/model.ts';

const DEEPEST = 5;
/** Codes are words and numbers; whatever else stands in such a field may be somebody's sentence. */
const CODE = /^[\w.-]{1,64}$/;

/**
 * A failed model call for the log: what kind, and of what it came, as names and codes. Not its words, which quote: a provider the
 * prompt that it refused or the key that it did not know, a parser what the model said.
 */
export function describeFailure(error: ModelError): { kind: string; causes: string[] } {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < DEEPEST; cause = cause.cause) {
    const { status, code, type } = cause as { status?: unknown; code?: unknown; type?: unknown };
    const facts = [status, code, type].filter((fact) => (typeof fact === 'string' || typeof fact === 'number') && CODE.test(String(fact)));
    causes.push([cause.name, cause.constructor.name, ...facts.map(String)].filter((fact, at, all) => all.indexOf(fact) === at).join(' '));
  }
  return { kind: error.kind, causes };
}
