import { type App, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { DataStack } from './stacks/data-stack.ts';
import { ServiceStack } from './stacks/service-stack.ts';
import { UploadsStack } from './stacks/uploads-stack.ts';
import type { Stage } from './stages.ts';

/** The stacks of a stage, under the rules of cdk-nag: a finding without a reason fails the synthesis. */
export function buildApp(app: App, stage: Stage): { data: DataStack; service: ServiceStack; uploads?: UploadsStack } {
  const data = new DataStack(app, 'Data', { stage, stackName: `threadkeep-${stage.name}-data`, description: `Threadkeep ${stage.name}: records and large contents` });
  const service = new ServiceStack(app, 'Service', { stage, data, stackName: `threadkeep-${stage.name}-service`, description: `Threadkeep ${stage.name}: the Assistants API v2` });
  const uploads = stage.uploads === 'web-function' ? new UploadsStack(app, 'Uploads', { stage, data, service, stackName: `threadkeep-${stage.name}-uploads`, description: `Threadkeep ${stage.name}: uploads of any size` }) : undefined;
  Tags.of(app).add('application', 'threadkeep');
  Tags.of(app).add('stage', stage.name);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  return { data, service, ...(uploads && { uploads }) };
}
