/** zod's findings in the words of the contract (§9). */
import type * as z from 'zod';
import { InvalidRequestError } from '../domain/errors.ts';

/** The input as the schema makes it, or an InvalidRequestError about the first thing that is wrong with it. */
export function validate<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  const [first] = result.error.issues.map((issue) => mostSpecific(issue, issue.path));
  if (!first) throw new InvalidRequestError('The request is not valid.');
  throw describe(first.issue, first.path);
}

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];
interface Located {
  issue: Issue;
  path: Path;
}

/** Of a union's branches, the one that the value was meant for: the others only say that it is of another type. */
function mostSpecific(issue: Issue, path: Path): Located {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return { issue, path };
  const branches = issue.errors.map((errors) => errors[0]).filter((error) => error !== undefined);
  const meant = branches.find((error) => error.path.length > 0 || !isOfAnotherType(error));
  return meant ? mostSpecific(meant, [...path, ...meant.path]) : { issue, path };
}

const isOfAnotherType = (error: Issue): boolean =>
  error.code === 'invalid_type' || (error.code === 'invalid_value' && typeof error.values[0] !== typeof error.input);

function describe(issue: Issue, path: Path): InvalidRequestError {
  const value = issue.input;
  const param = dotted(path);
  const fail = (message: string, code: string, at = param) => new InvalidRequestError(message, at || undefined, code);
  switch (issue.code) {
    case 'unrecognized_keys': {
      const name = dotted([...path, issue.keys[0] ?? '']);
      return fail(`Unknown parameter: '${brief(name)}'.`, 'unknown_parameter', name);
    }
    case 'invalid_type':
      return value === undefined ? missing(param) : wrongType(param, expectedType(issue), value);
    case 'invalid_value':
      return value === undefined ? missing(param) : unsupported(param, value, issue.values);
    case 'invalid_union': {
      if (issue.discriminator === undefined) return value === undefined ? missing(param) : wrongType(param, expectedOfUnion(issue), value);
      const given = isObject(value) ? value[issue.discriminator] : value;
      const at = path.at(-1) === issue.discriminator ? param : dotted([...path, issue.discriminator]);
      return given === undefined ? missing(at) : unsupported(at, given, discriminatorValues(issue));
    }
    case 'too_big':
      return outOfBounds('maximum', issue.origin, Number(issue.maximum), param, value);
    case 'too_small':
      return outOfBounds('minimum', issue.origin, Number(issue.minimum), param, value);
    case 'invalid_format':
      if (issue.format === 'url') return fail(`Invalid '${param}': expected a valid URL, but got ${quoted(value)} instead.`, 'invalid_value');
      return fail(`Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '${patternOf(issue)}'.`, 'invalid_value');
    case 'custom':
      return custom(issue, param, value);
    default:
      return fail(`Invalid value for '${param}'.`, 'invalid_value');
  }
}

const missing = (param: string) => new InvalidRequestError(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter');

const wrongType = (param: string, expected: string, value: unknown) =>
  new InvalidRequestError(`Invalid type${param && ` for '${param}'`}: expected ${expected}, but got ${typeOf(value)} instead.`, param || undefined, 'invalid_type');

const unsupported = (param: string, value: unknown, values: readonly unknown[]) =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? new InvalidRequestError(`Invalid value: ${quoted(value)}. Supported values are: ${listed(values)}.`, param, 'invalid_value')
    : wrongType(param, `one of ${listed(values)}`, value);

const NOUNS: Record<string, { noun: string; code: string; unit: string }> = {
  string: { noun: 'string too', code: 'string', unit: 'length' },
  array: { noun: 'array too', code: 'array', unit: 'length' },
};

function outOfBounds(bound: 'maximum' | 'minimum', origin: string, limit: number, param: string, value: unknown): InvalidRequestError {
  const sized = NOUNS[origin];
  if (sized) {
    const actual = (value as { length: number }).length;
    const adjective = bound === 'maximum' ? 'long' : 'short';
    const message = `Invalid '${param}': ${sized.noun} ${adjective}. Expected ${origin === 'array' ? 'an' : 'a'} ${origin} with ${bound} length ${limit}, but got ${origin === 'array' ? 'an' : 'a'} ${origin} with length ${actual} instead.`;
    return new InvalidRequestError(message, param, `${sized.code}_${bound === 'maximum' ? 'above_max' : 'below_min'}_length`);
  }
  const noun = Number.isInteger(value) ? 'integer' : 'decimal';
  const message = `Invalid '${param}': ${noun} ${bound === 'maximum' ? 'above maximum' : 'below minimum'} value. Expected a value ${bound === 'maximum' ? '<=' : '>='} ${limit}, but got ${brief(value)} instead.`;
  return new InvalidRequestError(message, param, `${noun}_${bound === 'maximum' ? 'above_max' : 'below_min'}_value`);
}

function custom(issue: Issue & { code: 'custom' }, param: string, value: unknown): InvalidRequestError {
  const params = issue.params ?? {};
  const { rule, maximum, actual, name, prefix, code } = params as Record<string, string | number | null>;
  switch (rule) {
    case 'max_properties':
      return new InvalidRequestError(
        `Invalid '${param}': too many properties. Expected an object with at most ${maximum} properties, but got an object with ${actual} properties instead.`,
        param,
        'object_above_max_properties',
      );
    case 'max_property_name':
      return new InvalidRequestError(
        `Invalid property name in '${param}': '${brief(name)}' is too long. Expected a string with maximum length ${maximum}, but got a string with length ${String(name).length} instead.`,
        param,
        'property_name_above_max_length',
      );
    case 'id_prefix':
      return wrongPrefix(param, String(value), String(prefix));
    default:
      return new InvalidRequestError(issue.message, param, typeof code === 'string' ? code : code === null ? undefined : 'invalid_value');
  }
}

/** An id whose beginning says that it is something else, most often 'undefined' or two swapped arguments. */
export const wrongPrefix = (param: string, value: string, prefix: string) =>
  new InvalidRequestError(`Invalid '${param}': '${brief(value)}'. Expected an ID that begins with '${prefix}'.`, param, 'invalid_value');

const typeNames: Record<string, string> = {
  string: 'a string',
  number: 'a decimal',
  int: 'an integer',
  boolean: 'a boolean',
  array: 'an array',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'an integer' : Number.isFinite(value) ? 'a decimal' : 'a number out of range';
  return typeNames[typeof value] ?? `a ${typeof value}`;
}

function expectedOfUnion(issue: Issue & { code: 'invalid_union' }): string {
  const expected = issue.errors.flatMap(([error]) => {
    if (error?.code === 'invalid_type') return [error.expected === 'array' ? 'array of objects' : expectedType(error)];
    return error?.code === 'invalid_value' ? [listed(error.values)] : [];
  });
  return `one of ${[...new Set(expected)].join(' or ')}`;
}

/** `integer()` of the domain says by its message what zod calls a number. */
const expectedType = (issue: Issue & { code: 'invalid_type' }): string =>
  issue.message === typeNames['int'] ? issue.message : (typeNames[issue.expected] ?? `a ${issue.expected}`);

const discriminatorValues = (issue: Issue & { code: 'invalid_union' }): unknown[] => ('options' in issue && Array.isArray(issue.options) ? issue.options : []);

const patternOf = (issue: Issue & { code: 'invalid_format' }): string => ('pattern' in issue ? String(issue.pattern).replace(/^\/|\/$/g, '') : issue.format);

/** tools[0].function.name */
const dotted = (path: Path): string =>
  path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)), '');

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === 'object' && value !== null;
/** A wrong value comes back to be recognised, not whole: it may have megabytes. */
const brief = (value: unknown): string => {
  const text = String(value);
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
};
const quoted = (value: unknown): string => `'${brief(value)}'`;

function listed(values: readonly unknown[]): string {
  const all = values.map(quoted);
  if (all.length <= 2) return all.join(' and ');
  return `${all.slice(0, -1).join(', ')}, and ${all.at(-1)}`;
}
