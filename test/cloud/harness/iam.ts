/**
 * Decides as IAM does what a role may do. It knows the elements and operators that the templates use, and throws on any other:
 * better a test that fails for no reason than one that passes for none.
 *
 * Limits: no permission boundaries, session policies or policies of an organisation; a missing condition key throws, where
 * AWS has rules (ForAllValues, for one, is true then).
 */
type Value = string | number | boolean;

export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource?: string | string[];
  Principal?: string | Record<string, string | string[]>;
  Condition?: Record<string, Record<string, Value | Value[]>>;
}

export interface PolicyDocument {
  Version: string;
  Statement: Statement[];
}

/** One thing that is asked for, with the condition keys that the service would know. */
export interface Asked {
  action: string;
  resource: string;
  context: Record<string, string[]>;
}

/** Roles' policies: something must allow it, and nothing deny it. */
export function allows(policies: PolicyDocument[], asked: Asked): boolean {
  const applying = statementsOf(policies, ofRole).filter((statement) => applies(statement, asked));
  return applying.some(({ Effect }) => Effect === 'Allow') && !applying.some(({ Effect }) => Effect === 'Deny');
}

/** Resource policies (queues, buckets): for callers of the same account it is their Deny statements that matter. */
export function isDenied(policies: PolicyDocument[], asked: Asked): boolean {
  return statementsOf(policies, ofResource).some((statement) => applies(statement, asked));
}

const many = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

const ELEMENTS = new Set(['Sid', 'Effect', 'Action', 'Resource', 'Principal', 'Condition']);

/** All that `concerns` keeps, each checked whole, so that what is not understood is not found by chance. */
function statementsOf(policies: PolicyDocument[], concerns: (statement: Statement) => boolean): Statement[] {
  return policies.flatMap(({ Version, Statement: statements, ...rest }) => {
    if (Version !== '2012-10-17' || Object.keys(rest).length > 0) throw unknown('a policy', { Version, ...rest });
    const kept = many(statements).filter(concerns);
    for (const statement of kept) check(statement);
    return kept;
  });
}

function ofRole(statement: Statement): boolean {
  if (statement.Principal !== undefined) throw unknown('a role’s statement with a Principal', statement);
  return true;
}

function ofResource(statement: Statement): boolean {
  const principals = typeof statement.Principal === 'string' ? { AWS: statement.Principal } : (statement.Principal ?? {});
  const kinds = Object.keys(principals);
  if (statement.Effect === 'Allow' && kinds.length > 0 && kinds.every((kind) => kind === 'Service')) return false;
  if (statement.Effect === 'Deny' && kinds.length === 1 && many(principals['AWS'] ?? []).join() === '*') return true;
  throw unknown('for whom a resource’s statement is', statement);
}

function check(statement: Statement): void {
  const { Effect, Action, Resource, Condition = {} } = statement;
  const odd = Object.keys(statement).filter((element) => !ELEMENTS.has(element));
  if (odd.length > 0) throw unknown(`the element ${odd.join(', ')}`, statement);
  if (Effect !== 'Allow' && Effect !== 'Deny') throw unknown('the Effect', statement);
  if (Action === undefined || Resource === undefined) throw unknown('a statement without Action or Resource', statement);
  for (const action of many(Action)) if (!/^(\*|[a-z0-9-]+:[A-Za-z*?]+)$/.test(action)) throw unknown(`the action ${action}`, statement);
  for (const resource of many(Resource)) if (!/^(\*|arn:.+)$/.test(resource) || resource.includes('${')) throw unknown(`the resource ${resource}`, statement);
  for (const [operator, keys] of Object.entries(Condition)) {
    testOf(operator);
    for (const wanted of Object.values(keys).flatMap(many)) if (String(wanted).includes('${')) throw unknown(`the value ${String(wanted)}`, statement);
  }
}

function applies({ Action, Resource = [], Condition = {} }: Statement, asked: Asked): boolean {
  if (!many(Action).some((action) => like(action.toLowerCase(), asked.action.toLowerCase()))) return false;
  if (!many(Resource).some((resource) => isArnLike(resource, asked.resource))) return false;
  return Object.entries(Condition).every(([operator, keys]) => Object.entries(keys).every(([key, wanted]) => holds(operator, key, many(wanted), asked)));
}

/** What an operator asks of one value that the request has and one that the policy names. */
const OPERATORS: Record<string, (has: string, wanted: string) => boolean> = {
  StringEquals: (has, wanted) => has === wanted,
  StringLike: (has, wanted) => like(wanted, has),
  Bool: (has, wanted) => has.toLowerCase() === wanted.toLowerCase(),
  NumericLessThan: (has, wanted) => number(has) < number(wanted),
};

const FOR_ALL = 'ForAllValues:';

function testOf(operator: string): (has: string, wanted: string) => boolean {
  const name = operator.startsWith(`${FOR_ALL}String`) ? operator.slice(FOR_ALL.length) : operator;
  const test = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (!test) throw unknown(`the operator ${operator}`);
  return test;
}

function holds(operator: string, key: string, wanted: Value[], { action, context }: Asked): boolean {
  const values = Object.hasOwn(context, key) ? context[key] : undefined;
  if (!values || values.length === 0) throw unknown(`${key}, which this request does not tell`, { action, operator, context });
  if (values.length > 1 && !operator.startsWith(FOR_ALL)) throw unknown(`${operator} on several values`, { action, key, values });
  const test = testOf(operator);
  return values.every((has) => wanted.some((one) => test(has, String(one))));
}

/** `*` is any run of characters, `?` any one. */
function like(pattern: string, text: string, any = '[^]'): boolean {
  const source = pattern.replace(/[\\^$.*+?()[\]{}|]/g, (char) => (char === '*' ? `${any}*` : char === '?' ? any : `\\${char}`));
  return new RegExp(`^${source}$`).test(text);
}

/** Before an ARN's last part (service, region, account …) a star does not reach over a colon. */
function isArnLike(pattern: string, arn: string): boolean {
  if (pattern === '*') return true;
  const [patterns, parts] = [split(pattern), split(arn)];
  return patterns.length === parts.length && patterns.every((part, at) => like(part, parts[at] ?? '', at < 5 ? '[^:]' : '[^]'));
}

function split(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), ...(parts.length > 5 ? [parts.slice(5).join(':')] : [])];
}

function number(text: string): number {
  const value = text.trim() === '' ? NaN : Number(text);
  if (Number.isNaN(value)) throw unknown(`the number ${text}`);
  return value;
}

const unknown = (what: string, where: unknown = ''): Error => new Error(`iam: not understood: ${what} ${JSON.stringify(where)}`);
