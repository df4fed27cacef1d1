/** The REST API that a stack declares, read strictly. */
import * as z from 'zod';
import type { Stack } from './stack.ts';

const RestApi = z.object({ BinaryMediaTypes: z.array(z.string()) });
const ApiStage = z.object({ StageName: z.string() });
const ApiResource = z.strictObject({ ParentId: z.literal('root'), PathPart: z.string(), RestApiId: z.literal('restapi') });

const Method = z.strictObject({
  AuthorizationType: z.literal('NONE'),
  HttpMethod: z.string(),
  ResourceId: z.string(),
  RestApiId: z.literal('restapi'),
  Integration: z.strictObject({
    Type: z.literal('AWS_PROXY'),
    IntegrationHttpMethod: z.literal('POST'),
    ResponseTransferMode: z.literal('STREAM'),
    TimeoutInMillis: z.int(),
    Uri: z.string(),
  }),
});

/** How the gateway asks Lambda for a streamed response. */
const STREAMING = /^arn:aws:apigateway:us-east-1:lambda:path\/2021-11-15\/functions\/(.+)\/response-streaming-invocations$/;

const GatewayResponse = z.strictObject({
  ResponseType: z.string(),
  RestApiId: z.literal('restapi'),
  ResponseParameters: z.record(z.string(), z.string()),
  ResponseTemplates: z.strictObject({ 'application/json': z.string() }),
});

const Permission = z.strictObject({ Action: z.literal('lambda:InvokeFunction'), FunctionName: z.string(), Principal: z.literal('apigateway.amazonaws.com'), SourceArn: z.string() });

export interface DeclaredRoute {
  /** `ANY`, or one method. */
  method: string;
  /** `/` or `/{proxy+}`. */
  path: string;
  functionArn: string;
  timeoutMs: number;
}

export interface DeclaredApi {
  stageName: string;
  binaryMediaTypes: string[];
  routes: DeclaredRoute[];
  gatewayResponses: Record<string, { templates: { 'application/json': string }; parameters: Record<string, string> }>;
}

export function apiOf(stack: Stack): DeclaredApi {
  const [[, api] = []] = stack.all('AWS::ApiGateway::RestApi');
  const [[, stage] = []] = stack.all('AWS::ApiGateway::Stage');
  const { StageName: stageName } = ApiStage.parse(stage);
  const paths = new Map([['root', '/'], ...stack.all('AWS::ApiGateway::Resource').map(([id, properties]) => [stack.ref(id), `/${ApiResource.parse(properties).PathPart}`] as const)]);
  const permissions = stack.all('AWS::Lambda::Permission').map(([, properties]) => Permission.parse(properties));
  const routes = stack.all('AWS::ApiGateway::Method').map(([id, properties]) => {
    const { HttpMethod: method, ResourceId, Integration } = Method.parse(properties);
    const path = paths.get(ResourceId);
    const functionArn = STREAMING.exec(Integration.Uri)?.[1];
    if (path === undefined || functionArn === undefined) throw new Error(`the harness does not understand where ${id} leads`);
    // The gateway may invoke what a permission names, for calls of just this method and path.
    const source = `arn:aws:execute-api:us-east-1:000000000000:restapi/${stageName}/${method === 'ANY' ? '*' : method}${path === '/{proxy+}' ? '/*' : path}`;
    if (!permissions.some(({ FunctionName, SourceArn }) => FunctionName === functionArn && SourceArn === source)) throw new Error(`API Gateway may not invoke the function behind ${id}`);
    return { method, path, functionArn, timeoutMs: Integration.TimeoutInMillis };
  });
  const gatewayResponses = Object.fromEntries(
    stack.all('AWS::ApiGateway::GatewayResponse').map(([, properties]) => {
      const { ResponseType, ResponseTemplates, ResponseParameters } = GatewayResponse.parse(properties);
      return [ResponseType, { templates: ResponseTemplates, parameters: ResponseParameters }];
    }),
  );
  return { stageName, binaryMediaTypes: RestApi.parse(api).BinaryMediaTypes, routes, gatewayResponses };
}
