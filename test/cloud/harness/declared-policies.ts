/** Who may do what, as the templates say: what each role is given, and what each queue and bucket keeps from everybody. */
import * as z from 'zod';
import type { PolicyDocument } from './iam.ts';
import type { Stack } from './stack.ts';

const OneOrMore = z.union([z.string(), z.array(z.string())]);
const Value = z.union([z.string(), z.number(), z.boolean()]);
const Statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Action: OneOrMore,
  Resource: OneOrMore.optional(),
  Principal: z.union([z.string(), z.record(z.string(), OneOrMore)]).optional(),
  Condition: z.record(z.string(), z.record(z.string(), z.union([Value, z.array(Value)]))).optional(),
});
const Document = z.strictObject({ Version: z.literal('2012-10-17'), Statement: z.array(Statement) });

const Policy = z.object({ PolicyDocument: Document, Roles: z.array(z.string()) });
const Trust = z.object({ Statement: z.tuple([z.object({ Effect: z.literal('Allow'), Action: z.literal('sts:AssumeRole'), Principal: z.strictObject({ Service: z.string() }) })]) });
const Role = z.object({ AssumeRolePolicyDocument: Trust, ManagedPolicyArns: z.array(z.string()).optional() });

/** What a service may do in a role; throws for a role that the service cannot take, or that has more than the policies of its stack. */
export function policiesOf(stack: Stack, roleId: string, service: 'lambda' | 'states'): PolicyDocument[] {
  const role = Role.parse(stack.all('AWS::IAM::Role').find(([id]) => id === roleId)?.[1]);
  const [trust] = role.AssumeRolePolicyDocument.Statement;
  if (trust.Principal.Service !== `${service}.amazonaws.com`) throw new Error(`${service} cannot take the role ${roleId}`);
  if (role.ManagedPolicyArns) throw new Error(`the harness does not understand managed policies (${roleId})`);
  const policies = stack.all('AWS::IAM::Policy').map(([, properties]) => Policy.parse(properties));
  return policies.filter(({ Roles }) => Roles.includes(stack.ref(roleId))).map(({ PolicyDocument: document }) => document);
}

const QueuePolicy = z.object({ PolicyDocument: Document, Queues: z.array(z.string()) });
const BucketPolicy = z.object({ PolicyDocument: Document, Bucket: z.string() });

/** By the queue's URL or the bucket's name. */
export function resourcePoliciesOf(stack: Stack): Map<string, PolicyDocument[]> {
  const ofQueues = stack.all('AWS::SQS::QueuePolicy').flatMap(([, properties]) => {
    const { PolicyDocument: document, Queues } = QueuePolicy.parse(properties);
    return Queues.map((url) => [url, document] as const);
  });
  const ofBuckets = stack.all('AWS::S3::BucketPolicy').map(([, properties]) => {
    const { PolicyDocument: document, Bucket } = BucketPolicy.parse(properties);
    return [Bucket, document] as const;
  });
  const all = new Map<string, PolicyDocument[]>();
  for (const [name, document] of [...ofQueues, ...ofBuckets]) all.set(name, [...(all.get(name) ?? []), document]);
  return all;
}
