/** The harness's own reading of policies: what is allowed, what is not, and that nothing is guessed. */
import { describe, expect, it } from '@jest/globals';
import { everyStage, resources, templatesOf } from '../infra/synthesized.ts';
import { allows, type Asked, isDenied, type PolicyDocument, type Statement } from './harness/iam.ts';

const TABLE = 'arn:aws:dynamodb:us-east-1:000000000000:table/records';
const BUCKET = 'arn:aws:s3:::blobs';

const policy = (...statements: (Partial<Statement> & object)[]): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: statements.map((statement) => ({ Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: TABLE, ...statement })),
});
const asked = (context: Asked['context'] = {}, action = 'dynamodb:GetItem', resource = TABLE): Asked => ({ action, resource, context });
const may = (statement: Partial<Statement>, what: Asked = asked()) => allows([policy(statement)], what);

describe('a role', () => {
  it('may do nothing without a statement', () => {
    expect(allows([], asked())).toBe(false);
    expect(allows([policy()], asked())).toBe(false);
  });

  it.each<[string, Partial<Statement>]>([
    ['the action', {}],
    ['the action in other letters', { Action: 'dynamodb:getitem' }],
    ['one of several actions', { Action: ['dynamodb:Query', 'dynamodb:GetItem'] }],
    ['every action of the service', { Action: 'dynamodb:*' }],
    ['every action', { Action: '*' }],
    ['one of several resources', { Resource: [`${TABLE}/index/list`, TABLE] }],
    ['every resource', { Resource: '*' }],
    ['resources that begin so', { Resource: 'arn:aws:dynamodb:us-east-1:000000000000:table/*' }],
    ['any region', { Resource: 'arn:aws:dynamodb:*:000000000000:table/records' }],
    ['any letter', { Resource: 'arn:aws:dynamodb:us-east-1:000000000000:table/record?' }],
  ])('may do what names %s', (_, statement) => {
    expect(may(statement)).toBe(true);
  });

  it.each<[string, Partial<Statement>]>([
    ['another action', { Action: 'dynamodb:PutItem' }],
    ['an action that begins alike', { Action: 'dynamodb:GetItems' }],
    ['another service', { Action: 'dynamodbstreams:*' }],
    ['another resource', { Resource: `${TABLE}2` }],
    ['a resource below', { Resource: `${TABLE}/*` }],
    ['a region whose star would have to reach over a colon', { Resource: 'arn:aws:dynamodb:*:table/records' }],
    ['one letter more', { Resource: `${TABLE}?` }],
  ])('may not do what names %s', (_, statement) => {
    expect(may(statement)).toBe(false);
  });

  it('may not do what another statement denies', () => {
    expect(allows([policy({}), policy({ Effect: 'Deny', Action: 'dynamodb:*', Resource: '*' })], asked())).toBe(false);
    expect(allows([policy({}, { Effect: 'Deny', Action: 'dynamodb:PutItem' })], asked())).toBe(true);
  });

  it('reaches all that a star at the end stands for', () => {
    const execution = 'arn:aws:states:us-east-1:000000000000:execution:timers:';
    const stop = (resource: string) => may({ Action: 'states:StopExecution', Resource: `${execution}*` }, asked({}, 'states:StopExecution', resource));
    expect([stop(`${execution}run_1`), stop(`${execution}a:b/c`), stop(execution.replace('timers', 'others'))]).toEqual([true, true, false]);
  });
});

describe('a condition', () => {
  const leading = (...keys: string[]) => asked({ 'dynamodb:LeadingKeys': keys });
  const held = { Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['A#*', 'T#*'] } } };

  it('ForAllValues:StringLike holds if each value is like one of those named', () => {
    expect([may(held, leading('T#1')), may(held, leading('T#1', 'A#1')), may(held, leading('K#1')), may(held, leading('T#1', 'K#1')), may(held, leading('t#1'))]).toEqual([true, true, false, false, false]);
  });

  it.each<[string, Asked]>([
    ['is not told', asked()],
    ['has no value', leading()],
  ])('throws if its key %s, where AWS would let it pass', (_, what) => {
    expect(() => may(held, what)).toThrow('dynamodb:LeadingKeys, which this request does not tell');
  });

  it('does not matter where action or resource are others', () => {
    expect(may(held, asked({}, 'dynamodb:PutItem'))).toBe(false);
    expect(may(held, asked({}, 'dynamodb:GetItem', `${TABLE}/index/list`))).toBe(false);
  });

  it.each<[string, string, (string | number | boolean)[], string, boolean]>([
    ['StringEquals', 'kms:ViaService', ['s3.us-east-1.amazonaws.com', 'sqs.us-east-1.amazonaws.com'], 's3.us-east-1.amazonaws.com', true],
    ['StringEquals', 'kms:ViaService', ['s3.*.amazonaws.com'], 's3.us-east-1.amazonaws.com', false],
    ['StringLike', 'kms:ViaService', ['s3.*.amazonaws.com'], 's3.us-east-1.amazonaws.com', true],
    ['Bool', 'aws:SecureTransport', ['false'], 'true', false],
    ['Bool', 'aws:SecureTransport', [true], 'true', true],
    ['NumericLessThan', 's3:TlsVersion', [1.2], '1.3', false],
    ['NumericLessThan', 's3:TlsVersion', ['1.2'], '1.1', true],
    ['NumericLessThan', 's3:TlsVersion', [1.2], '1.2', false],
  ])('%s on %s %j, asked with %s: %s', (operator, key, wanted, has, expected) => {
    const one = wanted.length === 1 ? (wanted[0] ?? '') : wanted;
    expect(may({ Condition: { [operator]: { [key]: one } } }, asked({ [key]: [has] }))).toBe(expected);
  });

  it('holds only with all its operators and keys', () => {
    const Condition = { StringEquals: { a: 'x', b: 'y' }, Bool: { c: 'true' } };
    const holds = (a: string, b: string, c: string) => may({ Condition }, asked({ a: [a], b: [b], c: [c] }));
    expect([holds('x', 'y', 'true'), holds('x', '', 'true'), holds('x', 'y', 'false')]).toEqual([true, false, false]);
  });
});

describe('what is not understood throws, even where it would not matter', () => {
  const elsewhere = { Action: 'sqs:SendMessage', Resource: '*' };
  it.each<[string, object]>([
    ['the element NotAction', { ...elsewhere, NotAction: 'sqs:*' }],
    ['the element NotResource', { ...elsewhere, NotResource: '*' }],
    ['the Effect', { ...elsewhere, Effect: 'allow' }],
    ['without Action or Resource', { Action: 'sqs:SendMessage', Resource: undefined }],
    ['a role’s statement with a Principal', { ...elsewhere, Principal: '*' }],
    ['the action *:SendMessage', { ...elsewhere, Action: '*:SendMessage' }],
    ['the resource records', { ...elsewhere, Resource: 'records' }],
    ['the resource arn:aws:s3:::${aws:username}', { ...elsewhere, Resource: 'arn:aws:s3:::${aws:username}' }],
    ['the value ${aws:username}', { ...elsewhere, Condition: { StringEquals: { a: '${aws:username}' } } }],
    ['the operator ArnLike', { ...elsewhere, Condition: { ArnLike: { 'aws:SourceArn': '*' } } }],
    ['the operator StringEqualsIfExists', { ...elsewhere, Condition: { StringEqualsIfExists: { a: 'b' } } }],
    ['the operator ForAnyValue:StringLike', { ...elsewhere, Condition: { 'ForAnyValue:StringLike': { a: 'b' } } }],
    ['the operator ForAllValues:Bool', { ...elsewhere, Condition: { 'ForAllValues:Bool': { a: 'true' } } }],
    ['the operator toString', { ...elsewhere, Condition: { toString: { a: 'true' } } }],
  ])('%s', (message, statement) => {
    expect(() => may(statement)).toThrow(message);
  });

  it('several values for an operator on one, and what is no number', () => {
    expect(() => may({ Condition: { StringEquals: { a: 'x' } } }, asked({ a: ['x', 'x'] }))).toThrow('several values');
    expect(() => may({ Condition: { NumericLessThan: { a: 'x' } } }, asked({ a: ['1'] }))).toThrow('the number x');
  });

  it('another version of the language, or more than statements', () => {
    expect(() => allows([{ ...policy({}), Version: '2008-10-17' }], asked())).toThrow('a policy');
    expect(() => allows([{ ...policy({}), ...{ Id: 'x' } }], asked())).toThrow('a policy');
  });
});

describe('a resource’s policy', () => {
  const insecure = { Effect: 'Deny', Action: 's3:*', Principal: { AWS: '*' }, Resource: [BUCKET, `${BUCKET}/*`], Condition: { Bool: { 'aws:SecureTransport': 'false' } } } as const;
  const denies = (statement: Partial<Statement>, secure: string, resource = `${BUCKET}/bodies/1`) => isDenied([policy(statement)], asked({ 'aws:SecureTransport': [secure] }, 's3:GetObject', resource));

  it('denies everybody what it says', () => {
    expect([denies({ ...insecure, Resource: [...insecure.Resource] }, 'false'), denies({ ...insecure, Resource: [...insecure.Resource] }, 'true')]).toEqual([true, false]);
    expect(denies({ ...insecure, Resource: BUCKET, Principal: '*' }, 'false')).toBe(false);
    expect(denies({ ...insecure, Resource: BUCKET, Principal: '*' }, 'false', BUCKET)).toBe(true);
  });

  it('is not asked what it allows to services', () => {
    const logging = { Action: 's3:PutObject', Principal: { Service: 'logging.s3.amazonaws.com' }, Resource: '*', Condition: { ArnLike: { 'aws:SourceArn': '*' } } };
    expect(denies(logging, 'true')).toBe(false);
  });

  it.each<[string, Partial<Statement>]>([
    ['denies to some', { Effect: 'Deny', Principal: { AWS: 'arn:aws:iam::000000000000:role/x' } }],
    ['denies to services', { Effect: 'Deny', Principal: { Service: 'sqs.amazonaws.com' } }],
    ['allows to this account', { Principal: { AWS: '*' } }],
    ['names nobody', { Effect: 'Deny' }],
  ])('that %s is not understood', (_, statement) => {
    expect(() => denies(statement, 'true')).toThrow('for whom');
  });
});

it.each(everyStage)('understands every policy of $name', (stage) => {
  // What only a deployment knows stands in the place of an ARN's part.
  const resolved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(resolved);
    if (typeof value !== 'object' || value === null) return value;
    const [[name, argument] = ['', undefined], ...more] = Object.entries(value);
    if (name === 'Fn::Join') return ((argument as [string, unknown[]])[1].map(resolved) as string[]).join('');
    if (name === 'Ref' && /^AWS::/.test(String(argument))) return { 'AWS::Partition': 'aws', 'AWS::Region': 'us-east-1', 'AWS::AccountId': '000000000000' }[String(argument)];
    if (more.length === 0 && /^(Ref|Fn::GetAtt|Fn::ImportValue)$/.test(name)) return name === 'Fn::GetAtt' && (argument as string[])[1] === 'Name' ? 'name' : 'arn:aws:x:us-east-1:000000000000:it';
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, resolved(part)]));
  };
  const { data, service } = templatesOf(stage);
  const all = (type: string) => [data, service].flatMap((template) => resources(template, type)).map(([, { Properties }]) => resolved(Properties['PolicyDocument']) as PolicyDocument);
  const roles = all('AWS::IAM::Policy');
  const owners = [...all('AWS::SQS::QueuePolicy'), ...all('AWS::S3::BucketPolicy')];
  expect(roles.length * owners.length).toBeGreaterThan(0);
  expect(allows(roles, asked({}, 'nothing:Nothing', 'arn:aws:none:::none'))).toBe(false);
  const everything = { 'aws:SecureTransport': ['true'], 's3:TlsVersion': ['1.3'] };
  expect(isDenied(owners, asked(everything, 's3:GetObject', 'arn:aws:x:us-east-1:000000000000:it'))).toBe(false);
  expect(isDenied(owners, asked({ ...everything, 'aws:SecureTransport': ['false'] }, 's3:GetObject', 'arn:aws:x:us-east-1:000000000000:it'))).toBe(true);
});
