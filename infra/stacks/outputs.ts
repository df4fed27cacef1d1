/** What an operator needs to know after a deployment, mostly as commands to copy. */
import { Aws, CfnOutput, type Stack } from 'aws-cdk-lib';
import type { Dashboard } from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { HttpApi } from '../constructs/http-api.ts';

interface Outputs {
  http: HttpApi;
  keys: IFunction;
  dashboard: Dashboard;
  modelSecret: ISecret | undefined;
}

export function addOutputs(stack: Stack, { http, keys, dashboard, modelSecret }: Outputs): void {
  const output = (name: string, description: string, value: string) => new CfnOutput(stack, name, { description, value });
  output('BaseUrl', 'What clients take for the base URL', http.baseUrl);
  output(
    'CreateFirstKey',
    'Makes an API key and prints it; "do":"list" and "do":"revoke" do likewise',
    `aws lambda invoke --region ${Aws.REGION} --function-name ${keys.functionName} --cli-binary-format raw-in-base64-out --payload '{"do":"create"}' /dev/stdout`,
  );
  if (modelSecret) {
    output('SetModelKey', 'Puts the key of the model’s provider in its place', `aws secretsmanager put-secret-value --region ${Aws.REGION} --secret-id ${modelSecret.secretArn} --secret-string YOUR_KEY`);
  }
  output('DashboardUrl', 'How it is doing', `https://${Aws.REGION}.console.aws.amazon.com/cloudwatch/home?region=${Aws.REGION}#dashboards/dashboard/${dashboard.dashboardName}`);
}
