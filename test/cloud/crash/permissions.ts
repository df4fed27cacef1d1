/** What functions are allowed, what they make use of, and a stack that allows them less. */
import * as z from 'zod';
import { policiesOf } from '../harness/declared-policies.ts';
import { functionsOf } from '../harness/declared-service.ts';
import { uploadsOf } from '../harness/declared-uploads.ts';
import type { Assembly } from '../harness/assembly.ts';
import type { PolicyDocument } from '../harness/iam.ts';
import { Stack } from '../harness/stack.ts';
import type { Template } from '../harness/template.ts';

/** Names of resources that nobody needs to find. */
const NAMING = { prefix: 'x', endpoint: 'http://127.0.0.1:1' };

/** Both stacks with names for everything, and nothing made. */
export function stacksOf({ data, service, uploads }: Assembly): { data: Stack; service: Stack; uploads: Stack | undefined } {
  const exports = new Map<string, unknown>();
  const dataStack = new Stack(data, NAMING, exports);
  for (const [id, { Type }] of Object.entries(data.Resources)) if (Type === 'AWS::DynamoDB::Table') dataStack.learn(id, { StreamArn: 'arn:aws:dynamodb:us-east-1:000000000000:table/x/stream/now' });
  dataStack.resolver.export(data);
  const serviceStack = new Stack(service, NAMING, exports);
  serviceStack.resolver.export(service);
  return { data: dataStack, service: serviceStack, uploads: uploads && new Stack(uploads, NAMING, exports) };
}

const constructOf = (functionId: string): string => functionId.replace(/Fn[0-9A-F]{8}$/, '');
const many = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

/** As `Function action`. */
export function grantedBy(assembly: Assembly): string[] {
  const { service, uploads } = stacksOf(assembly);
  const roles = functionsOf(service).map(({ id, roleId }) => ({ id, roleId, stack: service }));
  if (uploads) roles.push({ ...uploadsOf(uploads, (arn) => arn), stack: uploads });
  const granted = roles.flatMap(({ id, roleId, stack }) =>
    policiesOf(stack, roleId, 'lambda').flatMap(({ Statement }: PolicyDocument) => Statement.flatMap(({ Action }) => many(Action).map((action) => `${constructOf(id)} ${action}`))),
  );
  return [...new Set(granted)].sort();
}

/** The same form, of a call that was made. */
export const usedBy = (functionId: string, asked: { action: string }[]): string[] => asked.map(({ action }) => `${constructOf(functionId)} ${action}`);

const Policy = z.looseObject({
  PolicyDocument: z.looseObject({ Statement: z.array(z.looseObject({ Action: z.union([z.string(), z.array(z.string())]) })) }),
  Roles: z.array(z.object({ Ref: z.string() })),
});

const Function = z.looseObject({ Environment: z.looseObject({ Variables: z.record(z.string(), z.unknown()) }) });

/** The stacks as of a stage that has no code executed. */
export function withoutCode(assembly: Assembly): Assembly {
  const service: Template = structuredClone(assembly.service);
  for (const resource of Object.values(service.Resources)) {
    if (resource.Type !== 'AWS::Lambda::Function') continue;
    const properties = Function.parse(resource.Properties);
    delete properties.Environment.Variables['CODE_INTERPRETER_ID'];
    resource.Properties = properties;
  }
  return { ...assembly, service };
}

/** The stacks, but the role of a function lacks an action. */
export function without(assembly: Assembly, construct: string, action: string): Assembly {
  const service: Template = structuredClone(assembly.service);
  let taken = 0;
  for (const resource of Object.values(service.Resources)) {
    if (resource.Type !== 'AWS::IAM::Policy') continue;
    const policy = Policy.parse(resource.Properties);
    if (!policy.Roles.some(({ Ref }) => Ref.startsWith(`${construct}Role`))) continue;
    const { PolicyDocument } = policy;
    PolicyDocument.Statement = PolicyDocument.Statement.flatMap((statement) => {
      const kept = many(statement.Action).filter((other) => other !== action);
      taken += many(statement.Action).length - kept.length;
      return kept.length > 0 ? [{ ...statement, Action: kept }] : [];
    });
    resource.Properties = policy;
  }
  if (taken === 0) throw new Error(`${construct} is not allowed ${action} anyway`);
  return { ...assembly, service };
}
