/** What the harness understands of templates. Everything else throws: a property that nobody here knows may be the one that breaks in production. */
import type { Template } from './template.ts';

interface Understood {
  /** Properties that the harness acts on. */
  acts: string[];
  /** Properties that change nothing that the harness shows, and why. */
  idle?: Record<string, string>;
}

const TAGS = { Tags: 'for the bill' };
const WORDS = { Description: 'words' };
const LOGS = 'what the harness collects from the processes themselves';

const UNDERSTOOD: Record<string, Understood> = {
  'AWS::DynamoDB::Table': {
    acts: ['AttributeDefinitions', 'BillingMode', 'GlobalSecondaryIndexes', 'KeySchema', 'SSESpecification', 'StreamSpecification', 'TimeToLiveSpecification'],
    idle: { ...TAGS, DeletionProtectionEnabled: 'protects from operators', PointInTimeRecoverySpecification: 'backup' },
  },
  'AWS::S3::Bucket': {
    acts: ['BucketEncryption'],
    idle: {
      ...TAGS,
      VersioningConfiguration: 'backup',
      LifecycleConfiguration: 'what S3 does by itself after days',
      LoggingConfiguration: 'S3’s own access log',
      OwnershipControls: 'nobody writes from other accounts',
      PublicAccessBlockConfiguration: 'nobody reads without credentials',
    },
  },
  'AWS::KMS::Key': { acts: [], idle: { ...TAGS, ...WORDS, EnableKeyRotation: 'invisible', KeyPolicy: 'leaves the account’s principals to their own policies' } },
  'AWS::SecretsManager::Secret': { acts: ['KmsKeyId', 'GenerateSecretString'], idle: { ...TAGS, ...WORDS } },
  'AWS::SQS::Queue': { acts: ['MessageRetentionPeriod', 'RedrivePolicy', 'VisibilityTimeout'], idle: { ...TAGS, SqsManagedSseEnabled: 'encryption that asks no permission' } },
  'AWS::SQS::QueuePolicy': { acts: ['PolicyDocument', 'Queues'] },
  'AWS::S3::BucketPolicy': { acts: ['PolicyDocument', 'Bucket'] },
  'AWS::IAM::Role': { acts: ['ManagedPolicyArns', 'AssumeRolePolicyDocument'], idle: { ...TAGS, ...WORDS } },
  'AWS::IAM::Policy': { acts: ['PolicyDocument', 'Roles'], idle: { PolicyName: 'a name' } },
  'AWS::Lambda::Function': {
    acts: ['Code', 'Environment', 'Handler', 'MemorySize', 'Role', 'Runtime', 'Timeout'],
    idle: { ...TAGS, ...WORDS, Architectures: 'the machine’s own', EphemeralStorage: 'likewise', LoggingConfig: LOGS, TracingConfig: 'spans go nowhere here', RecursiveLoop: 'a guard of Lambda’s that the queue mapping here does not have' },
  },
  'AWS::Lambda::WebFunction': { acts: [], idle: { ...TAGS, FunctionName: 'a name' } },
  // Their properties are read strictly, all of them: declared-uploads.ts.
  'AWS::Lambda::WebFunctionRevision': { acts: ['BuildConfig', 'FunctionName', 'ServiceConfig'] },
  'AWS::Lambda::WebFunctionEndpoint': { acts: ['AuthType', 'EndpointName', 'EndpointType', 'FunctionName', 'RevisionWeights'] },
  'AWS::CloudFront::Distribution': { acts: ['DistributionConfig'], idle: TAGS },
  'AWS::BedrockAgentCore::CodeInterpreterCustom': { acts: ['Name', 'NetworkConfiguration'], idle: { ...TAGS, ...WORDS } },
  'AWS::Lambda::Permission': { acts: ['Action', 'FunctionName', 'Principal', 'SourceArn'] },
  'AWS::Lambda::EventSourceMapping': {
    acts: [
      'BatchSize', 'BisectBatchOnFunctionError', 'DestinationConfig', 'EventSourceArn', 'FilterCriteria', 'FunctionName', 'FunctionResponseTypes',
      'MaximumRecordAgeInSeconds', 'MaximumRetryAttempts', 'ParallelizationFactor', 'StartingPosition',
    ],
    idle: { ...TAGS, ScalingConfig: 'a cap' },
  },
  'AWS::StepFunctions::StateMachine': { acts: ['DefinitionString', 'RoleArn', 'StateMachineName', 'StateMachineType'], idle: { ...TAGS, LoggingConfiguration: LOGS, TracingConfiguration: 'spans go nowhere here' } },
  'AWS::ApiGateway::RestApi': { acts: ['BinaryMediaTypes'], idle: { ...TAGS, ...WORDS, Name: 'a name', EndpointConfiguration: 'where on the internet' } },
  'AWS::ApiGateway::Resource': { acts: ['ParentId', 'PathPart', 'RestApiId'] },
  'AWS::ApiGateway::Method': { acts: ['AuthorizationType', 'HttpMethod', 'Integration', 'ResourceId', 'RestApiId'] },
  'AWS::ApiGateway::GatewayResponse': { acts: ['ResponseParameters', 'ResponseTemplates', 'ResponseType', 'RestApiId'] },
  'AWS::ApiGateway::Deployment': { acts: [], idle: { ...WORDS, RestApiId: 'the one API' } },
  'AWS::ApiGateway::Stage': {
    acts: ['StageName'],
    idle: { ...TAGS, AccessLogSetting: LOGS, DeploymentId: 'the one deployment', RestApiId: 'the one API', TracingEnabled: 'spans go nowhere here', MethodSettings: 'logs, metrics, and the throttle, which tests on loopback would only trip over' },
  },
};

/** Types of which nothing serves a request. */
const BYSTANDERS = new Set([
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
  'AWS::SNS::Subscription',
  'AWS::Logs::LogGroup',
  'AWS::ApiGateway::Account',
  // The CDK's own, for deployments: what brings a web function's code to where Lambda reads it.
  'Custom::S3ObjectCopy',
  'Custom::S3AutoDeleteObjects',
]);

export function checkUnderstood(template: Template): void {
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    if (BYSTANDERS.has(Type)) continue;
    const understood = UNDERSTOOD[Type];
    if (!understood) throw new Error(`the harness does not understand ${Type} (${id})`);
    const known = new Set([...understood.acts, ...Object.keys(understood.idle ?? {})]);
    const unknown = Object.keys(Properties).filter((name) => !known.has(name));
    if (unknown.length > 0) throw new Error(`the harness does not understand ${unknown.join(', ')} of ${Type} (${id})`);
  }
}
