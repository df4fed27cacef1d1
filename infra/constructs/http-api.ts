/** The REST API in front of the api function: it carries requests in and streams responses out, and refuses only what it must. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccessLogField,
  AccessLogFormat,
  CfnAccount,
  EndpointType,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  ResponseTransferMode,
  ResponseType,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Stage } from '../stages.ts';
import { explain } from './explain.ts';
import { type Monitoring, PERIOD } from './monitoring.ts';

export interface HttpApiProps {
  stage: Stage;
  key: IKey;
  monitoring: Monitoring;
  handler: IFunction;
}

/** The longest that API Gateway lets a streamed response take. */
export const LONGEST_RESPONSE = Duration.minutes(15);

/**
 * Bodies of these types reach the function as they are, not as text: bytes that are no UTF-8 stay what they were, and what
 * surrounds a body does not depend on how many quotes are in it.
 */
const BINARY_MEDIA_TYPES = ['application/json', 'application/jsonl', 'application/x-ndjson', 'multipart/form-data'];

export class HttpApi extends Construct {
  readonly api: RestApi;

  constructor(scope: Construct, id: string, { stage, key, monitoring, handler }: HttpApiProps) {
    super(scope, id);
    const logs = { retention: stage.logDays, encryptionKey: key, removalPolicy: RemovalPolicy.DESTROY };
    const accessLog = new LogGroup(this, 'AccessLog', logs);
    this.api = new RestApi(this, 'Api', {
      restApiName: `threadkeep-${stage.name}`,
      description: `Threadkeep ${stage.name}: the Assistants API v2`,
      // Streams may be silent for five minutes at a regional endpoint, for thirty seconds at an edge.
      endpointTypes: [EndpointType.REGIONAL],
      binaryMediaTypes: BINARY_MEDIA_TYPES,
      cloudWatchRole: false,
      deployOptions: {
        stageName: stage.name,
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat: accessLogFormat(),
        loggingLevel: MethodLoggingLevel.ERROR,
        // It would log bodies.
        dataTraceEnabled: false,
        metricsEnabled: true,
        tracingEnabled: true,
        throttlingRateLimit: stage.throttle.requestsPerSecond,
        throttlingBurstLimit: stage.throttle.burst,
      },
      defaultIntegration: new LambdaIntegration(handler, { responseTransferMode: ResponseTransferMode.STREAM, timeout: LONGEST_RESPONSE, allowTestInvoke: false }),
    });
    this.api.root.addProxy({ anyMethod: true });
    // The gateway's own log has a name that cannot be chosen; made by the gateway it would be kept for ever.
    const executionLog = new LogGroup(this, 'ExecutionLog', { logGroupName: `API-Gateway-Execution-Logs_${this.api.restApiId}/${stage.name}`, ...logs });
    this.api.deploymentStage.node.addDependency(this.#logRole(), executionLog);
    // It names the stage without /v1; the stack has an output of its own.
    this.api.node.tryRemoveChild('Endpoint');
    this.#errorsInTheContractsWords();
    explain(this.api, {
      'AwsSolutions-APIG2': 'The function checks every request against its schema and answers in the contract’s own words, which the gateway could not.',
      'AwsSolutions-APIG3': 'A web ACL costs more at rest than all else here together. Docs say how to put one in front.',
      'AwsSolutions-APIG4': 'The function checks the API key of every request; an authorizer would add a hop and a cache that outlives a revoked key.',
      'AwsSolutions-COG4': 'As above: callers have API keys, as the Assistants API has them, not users of a Cognito pool.',
    });
    monitoring.alarm(this, 'ServerErrors', {
      metric: this.api.metricServerError({ period: PERIOD, statistic: 'Sum' }),
      threshold: 5,
      errorImpact: 'Applications get 5xx answers; their clients try again a few times and then fail. Look at the log of the api function by x-request-id, and at the throttles of the table.',
    });
  }

  /** https://…/v1, without a slash at the end. */
  get baseUrl(): string {
    return this.api.urlForPath('/v1');
  }

  /** API Gateway writes logs through one role per account and region; whoever deploys last sets it, and all set the same. */
  #logRole(): CfnAccount {
    const role = new Role(this, 'LogRole', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs')],
    });
    // Other APIs of the account log through it too.
    role.applyRemovalPolicy(RemovalPolicy.RETAIN);
    explain(role, {
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]':
        'The policy that AWS keeps for this one purpose; the role is the account’s, not this API’s.',
    });
    const account = new CfnAccount(this, 'Account', { cloudWatchRoleArn: role.roleArn });
    account.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return account;
  }

  /** What the gateway refuses before the function is asked still gets the envelope that clients know. */
  #errorsInTheContractsWords(): void {
    const answer = (type: ResponseType, message: string, errorType: string) =>
      this.api.addGatewayResponse(type.responseType, {
        type,
        templates: { 'application/json': JSON.stringify({ error: { message, type: errorType, param: null, code: null } }) },
        responseHeaders: { 'x-request-id': 'context.requestId' },
      });
    answer(ResponseType.THROTTLED, 'Too many requests to this server at once. Please try again in a moment.', 'requests');
    answer(ResponseType.REQUEST_TOO_LARGE, 'The request body is larger than this server takes.', 'invalid_request_error');
    answer(ResponseType.DEFAULT_4XX, 'The request is not one that this server takes.', 'invalid_request_error');
    answer(ResponseType.DEFAULT_5XX, 'The server had an error processing your request. Sorry about that! Please retry.', 'server_error');
  }
}

/** Who asked for what when, and how it went; neither queries, which may hold metadata, nor bodies. */
const accessLogFormat = (): AccessLogFormat =>
  AccessLogFormat.custom(
    JSON.stringify({
      requestId: AccessLogField.contextRequestId(),
      time: AccessLogField.contextRequestTimeEpoch(),
      ip: AccessLogField.contextIdentitySourceIp(),
      method: AccessLogField.contextHttpMethod(),
      path: AccessLogField.contextPath(),
      status: AccessLogField.contextStatus(),
      latencyMs: AccessLogField.contextResponseLatency(),
      bytes: AccessLogField.contextResponseLength(),
      error: AccessLogField.contextErrorMessage(),
    }),
  );
