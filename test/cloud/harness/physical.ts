/** Names, ARNs and attributes of a stack's resources, all of which are known before any of them is made. */
import type { Physical, Resource, Template } from './template.ts';

export const ACCOUNT = '000000000000';
const arn = (service: string, resource: string, account = ACCOUNT, region = 'us-east-1'): string => `arn:aws:${service}:${region}:${account}:${resource}`;

export interface Naming {
  /** Unique to the deployment. */
  prefix: string;
  /** The front that stands for AWS: queues are addressed by URL. */
  endpoint: string;
}

export const stackId = ({ prefix }: Naming): string => arn('cloudformation', `stack/${prefix}/${prefix}`);

/** Of every resource of a template. A table's stream has a name only once the engine has made it. */
export function physicalOf(template: Template, naming: Naming, text: (value: unknown) => string): [id: string, physical: Physical][] {
  return Object.entries(template.Resources).map(([id, resource]) => [id, physical(id, resource, naming, text)]);
}

/** `text` resolves names that a template gives; these can only have the stack's own name in them. */
function physical(id: string, { Type, Properties }: Resource, { prefix, endpoint }: Naming, text: (value: unknown) => string): Physical {
  const name = `${prefix}-${id}`;
  // Buckets must be written small.
  const bucket = name.toLowerCase();
  switch (Type) {
    case 'AWS::KMS::Key':
      return { ref: name, attributes: { Arn: arn('kms', `key/${name}`) } };
    case 'AWS::DynamoDB::Table':
      return { ref: name, attributes: { Arn: arn('dynamodb', `table/${name}`) } };
    case 'AWS::S3::Bucket':
      return { ref: bucket, attributes: { Arn: arn('s3', bucket, '', '') } };
    case 'AWS::SecretsManager::Secret':
      return { ref: arn('secretsmanager', `secret:${name}`) };
    case 'AWS::SQS::Queue':
      return { ref: `${endpoint}/${ACCOUNT}/${name}`, attributes: { Arn: arn('sqs', name), QueueName: name } };
    case 'AWS::IAM::Role':
      return { ref: name, attributes: { Arn: arn('iam', `role/${name}`, ACCOUNT, '') } };
    case 'AWS::Lambda::Function':
      return { ref: name, attributes: { Arn: arn('lambda', `function:${name}`) } };
    case 'AWS::Lambda::WebFunction':
      return { ref: name, attributes: { FunctionArn: arn('lambda', `web-function/${name}`) } };
    case 'AWS::Lambda::WebFunctionRevision':
      return { ref: name, attributes: { RevisionId: `${name}-1` } };
    case 'AWS::Lambda::WebFunctionEndpoint':
    case 'AWS::CloudFront::Distribution':
      return { ref: name, attributes: { DomainName: `${name}.test` } };
    case 'Custom::S3ObjectCopy':
      return { ref: name, attributes: { Bucket: bucket, Key: `${name}.zip`, VersionId: '1' } };
    case 'AWS::StepFunctions::StateMachine': {
      const given = Properties['StateMachineName'] === undefined ? name : text(Properties['StateMachineName']);
      return { ref: arn('states', `stateMachine:${given}`), attributes: { Arn: arn('states', `stateMachine:${given}`), Name: given } };
    }
    case 'AWS::BedrockAgentCore::CodeInterpreterCustom': {
      const given = `${text(Properties['Name'])}-Ab12Cd34Ef`;
      return { ref: given, attributes: { CodeInterpreterId: given, CodeInterpreterArn: arn('bedrock-agentcore', `code-interpreter-custom/${given}`) } };
    }
    case 'AWS::Logs::LogGroup':
      return { ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } };
    case 'AWS::ApiGateway::RestApi':
      return { ref: 'restapi', attributes: { RootResourceId: 'root' } };
    case 'AWS::ApiGateway::Stage':
      return { ref: String(Properties['StageName']) };
    default:
      return { ref: name };
  }
}
