/** The filter patterns of an event source mapping, as far as the template uses them. */

type Matcher = (value: unknown) => boolean;

/** True for a record that any of the patterns (JSON) lets through. Throws on a pattern that it does not understand. */
export function makeFilter(patterns: readonly string[]): (record: unknown) => boolean {
  if (patterns.length === 0) return () => true;
  const matchers = patterns.map((pattern) => matcherOf(JSON.parse(pattern)));
  return (record) => matchers.some((matches) => matches(record));
}

/** Names and what is allowed under them; all of them must be there. */
function matcherOf(pattern: unknown): Matcher {
  if (Array.isArray(pattern)) return anyOf(pattern);
  if (!isObject(pattern) || Object.keys(pattern).length === 0) throw new Error(`not a filter pattern: ${JSON.stringify(pattern)}`);
  const fields = Object.entries(pattern).map(([name, inner]) => [name, matcherOf(inner)] as const);
  return (value) => isObject(value) && fields.every(([name, matches]) => Object.hasOwn(value, name) && matches(value[name]));
}

function anyOf(rules: unknown[]): Matcher {
  if (rules.length === 0) throw new Error('an empty list is not a filter rule');
  const matchers = rules.map(ruleOf);
  return (value) => matchers.some((matches) => matches(value));
}

function ruleOf(rule: unknown): Matcher {
  if (rule === null || typeof rule === 'string' || typeof rule === 'number' || typeof rule === 'boolean') return (value) => value === rule;
  if (isObject(rule) && Object.keys(rule).length === 1 && typeof rule['prefix'] === 'string') {
    const { prefix } = rule;
    return (value) => typeof value === 'string' && value.startsWith(prefix);
  }
  // Of a field that has a value, which is all that the service allows it for.
  if (isObject(rule) && Object.keys(rule).length === 1 && rule['exists'] === true) return (value) => value !== undefined && !isObject(value);
  throw new Error(`not a filter rule: ${JSON.stringify(rule)}`);
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
