/** Who may do what, read off the templates. */
import { describe, expect, it } from '@jest/globals';
import { bodyKey } from '../../../shared/aws/bodies.ts';
import { blobKeyOf } from '../../../shared/histories/renderers.ts';
import { BLOB_PREFIX, EXPORT_PREFIX } from '../../../infra/constructs/permissions.ts';
import { asText, everyStage, resources, templatesOf, withoutCode } from '../synthesized.ts';

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, unknown>>;
}

const many = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

/** What each role may do, as `action on resource`, by the role's construct. */
function allowances(stage: (typeof everyStage)[number]): Map<string, { action: string; resource: string; condition: Statement['Condition'] }[]> {
  const { service } = templatesOf(stage);
  return new Map(
    resources(service, 'AWS::IAM::Policy').map(([id, { Properties }]) => {
      const { Statement: statements } = Properties['PolicyDocument'] as { Statement: Statement[] };
      return [
        id.replace(/RoleDefaultPolicy\w+$/, ''),
        statements.flatMap(({ Effect, Action, Resource, Condition }) => {
          expect(Effect).toBe('Allow');
          return many(Action).flatMap((action) => many(Resource).map((resource) => ({ action, resource: asText(resource), condition: Condition })));
        }),
      ];
    }),
  );
}

/** All that ends in a star, and why it must. */
const OPEN = [
  /^\* (xray|logs):/, // X-Ray, and Step Functions’ log delivery, know no resources
  /^\* dynamodb:ListStreams$/, // nor does the listing of streams
  /^<threadkeep-\w+-data:BlobsArn>\/bodies\/\* s3:(Get|Put|Delete)Object$/, // contents are made with their records
  /^<threadkeep-\w+-data:BlobsArn>\/exports\/\* s3:((Get|Put|Delete)Object|AbortMultipartUpload)$/, // histories when somebody asks for them
  /^<threadkeep-\w+-data:BlobsArn>\/files\/\* s3:((Get|Put|Delete)Object|AbortMultipartUpload)$/, // files when somebody uploads them
  /^<threadkeep-\w+-data:BlobsArn>\/index\/\* s3:((Get|Put|Delete)Object|AbortMultipartUpload)$/, // LanceDB alone knows its keys
  /^arn:<AWS::Partition>:states:.*:execution:<TimersMachine\w+\.Name>:\* states:StopExecution$/, // executions are named after runs
  /^<RunTimerFn\w+\.Arn>:\* lambda:InvokeFunction$/, // versions, of which there are none
];

describe.each([...everyStage, withoutCode])('in $name', (stage) => {
  const allowed = allowances(stage);
  const recordActions = (role: string) =>
    (allowed.get(role) ?? []).filter(({ action, resource }) => action.startsWith('dynamodb:') && resource !== '*' && !resource.includes('Stream'));

  it('every role names exact actions', () => {
    expect([...allowed.values()].flat().filter(({ action }) => action.includes('*'))).toEqual([]);
  });

  it('every role names exact resources, but for what cannot be named', () => {
    const open = [...allowed.values()].flat().filter(({ resource }) => resource.includes('*'));
    expect(open.map(({ action, resource }) => `${resource} ${action}`).filter((line) => !OPEN.some((known) => known.test(line)))).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['Api', { GetItem: 'ABDEFIKPTUVW', Query: 'BTUV', 'Query index': 'ABDEFTVW', BatchGetItem: 'ABDEFTVW', PutItem: 'ABDEFIPTUVW', DeleteItem: 'ABEFTUVW', ConditionCheckItem: 'BUV' }],
    ['RunWorker', { GetItem: 'BEFPTV', Query: 'TV', 'Query index': 'TW', BatchGetItem: 'TW', ...(stage.codeInterpreter ? { PutItem: 'BDETUV', DeleteItem: 'U' } : { PutItem: 'BDETV' }), ConditionCheckItem: 'B' }],
    ['FileIndexer', { GetItem: 'BV', Query: 'BV', PutItem: 'BV', DeleteItem: 'BV', ConditionCheckItem: 'BV' }],
    ['FileSearch', {}],
    ['RunTimer', { GetItem: 'PTV', 'Query index': 'W', BatchGetItem: 'W', PutItem: 'DTV' }],
    ['DeadLetters', { GetItem: 'DEPTV', Query: 'V', 'Query index': 'TW', BatchGetItem: 'TW', PutItem: 'DETV' }],
    ['ThreadReaper', { GetItem: 'ABEPTV', Query: 'BTU', PutItem: 'AETV', DeleteItem: 'BTUV' }],
    ['EventTeller', { GetItem: 'PT', 'Query index': 'W', BatchGetItem: 'W', PutItem: 'D' }],
    ['WebhookSender', { GetItem: 'DW', 'Query index': 'D', BatchGetItem: 'D', PutItem: 'D', DeleteItem: 'D' }],
    ['Keys', { GetItem: 'K', 'Query index': 'K', BatchGetItem: 'K', PutItem: 'K', DeleteItem: 'K' }],
  ])('%s reaches the records that its work is about, and no others', (role, expected) => {
    const found = recordActions(role).map(({ action, resource, condition }) => {
      const letters = condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] as string[];
      return [`${action.replace('dynamodb:', '')}${resource.endsWith('/index/list') ? ' index' : ''}`, letters.map((key) => key.replace('#*', '')).join('')];
    });
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  it('timers are set by whoever runs or threads come by, and taken back by those who move runs on', () => {
    const rolesThatMay = (action: string) => [...allowed].filter(([, all]) => all.some((allowance) => allowance.action === action)).map(([role]) => role).sort();
    expect([rolesThatMay('states:StartExecution'), rolesThatMay('states:StopExecution')]).toEqual([['Api', 'DeadLetters', 'EventTeller', 'RunTimer', 'RunWorker'], ['Api', 'DeadLetters', 'RunWorker']]);
  });

  it('code is executed by those who drive runs, and the reaper may end its sessions, where there is an interpreter', () => {
    const mayWith = [...allowed].flatMap(([role, all]) => all.filter(({ action }) => action.startsWith('bedrock-agentcore:')).map(({ action, resource }) => `${role} ${action.replace(/^.*:/, '')} ${resource.replace(/[0-9A-F]{8}/, '')}`));
    const may = (role: string, ...actions: string[]) => actions.map((action) => `${role} ${action} <CodeInterpreter.CodeInterpreterArn>`);
    const end = ['GetCodeInterpreterSession', 'StopCodeInterpreterSession'];
    const all = ['Api', 'RunWorker'].flatMap((role) => may(role, ...end, 'InvokeCodeInterpreter', 'StartCodeInterpreterSession'));
    expect(mayWith.sort()).toEqual(stage.codeInterpreter ? [...all, ...may('ThreadReaper', ...end)].sort() : []);
    const writers = [...allowed].filter(([, of]) => of.some(({ action, resource }) => action === 's3:PutObject' && resource.includes('/files/'))).map(([role]) => role);
    expect(writers.sort()).toEqual(stage.codeInterpreter ? ['Api', 'RunWorker'] : ['Api']);
  });

  it('only the operator’s function can make an API key', () => {
    const makers = [...allowed.keys()].filter((role) => recordActions(role).some(({ action, condition }) => action === 'dynamodb:PutItem' && JSON.stringify(condition).includes('K#')));
    expect(makers).toEqual(['Keys']);
  });

  it('nobody lists the table, scans it, or changes items unseen', () => {
    const actions = new Set([...allowed.values()].flat().map(({ action }) => action));
    for (const action of ['dynamodb:Scan', 'dynamodb:UpdateItem', 'dynamodb:BatchWriteItem', 'dynamodb:PartiQLSelect', 'sqs:PurgeQueue', 's3:PutObjectAcl']) expect(actions).not.toContain(action);
  });

  it('the key is used through the services that keep data under it', () => {
    const uses = [...allowed.values()].flat().filter(({ action }) => action.startsWith('kms:'));
    const free = uses.filter(({ condition }) => condition?.['StringEquals']?.['kms:ViaService'] === undefined);
    // The event source mappings read the encrypted stream in their functions' names; CDK grants it so.
    expect(free.every(({ action }) => ['kms:Decrypt', 'kms:DescribeKey'].includes(action))).toBe(true);
    expect([...allowed].filter(([, all]) => all.some((allowance) => free.includes(allowance))).map(([role]) => role).sort()).toEqual(['EventTeller', 'ThreadReaper']);
  });

  it('only the functions that ask a model can read its key', () => {
    const readers = [...allowed].filter(([, all]) => all.some(({ action }) => action === 'secretsmanager:GetSecretValue')).map(([role]) => role);
    expect(readers.sort()).toEqual(stage.model.provider === 'openai' ? ['Api', 'FileIndexer', 'RunWorker'] : []);
  });

  it('only those who look things up may call the function that searches, which itself reads the index and nothing else', () => {
    const callers = [...allowed].filter(([, all]) => all.some(({ action, resource }) => action === 'lambda:InvokeFunction' && resource.includes('FileSearch'))).map(([role]) => role);
    expect(callers.sort()).toEqual(['Api', 'RunWorker']);
    const own = (allowed.get('FileSearch') ?? []).map(({ action, resource }) => `${action} ${resource.replace(/^<[^>]*>/, '')}`).filter((line) => !/^(logs|xray|kms):/.test(line));
    expect(own.sort()).toEqual(['s3:GetObject /index/*', 's3:ListBucket ']);
  });

  it('no role has a policy of somebody else’s, but the account’s one for API Gateway’s logs', () => {
    const { service } = templatesOf(stage);
    const managed = resources(service, 'AWS::IAM::Role').filter(([, { Properties }]) => Properties['ManagedPolicyArns'] !== undefined);
    expect(managed.map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['HttpLogRole']);
  });
});

it('the policies name the places where large contents and exports are put', () => {
  expect(bodyKey({ pk: 'T#p#t', sk: 'M#m' }, 0, 'x').startsWith(BLOB_PREFIX)).toBe(true);
  expect(blobKeyOf({ projectId: 'p', id: 'e', format: 'jsonl' }).startsWith(EXPORT_PREFIX)).toBe(true);
});
