/** The same rules as in `npx cdk synth`, for the stages there are and for choices that a user may make. */
import { describe, expect, it } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { buildApp } from '../../infra/build.ts';
import { type Stage, findStage, stages } from '../../infra/stages.ts';
import { everyStage, makeApp, resources, synthesize, withoutCode } from './synthesized.ts';

type Stacks = ReturnType<typeof buildApp>;

/** Errors fail the synthesis already; these are all, warnings included. */
function findings(stage: Stage, spoil: (stacks: Stacks) => void = () => undefined): string[] {
  const app = makeApp();
  const stacks = buildApp(app, stage);
  spoil(stacks);
  Template.fromStack(stacks.service);
  return [new AwsSolutionsChecks(app), new ServerlessChecks(app)].flatMap((pack) => pack.validateScope(app).violations.map(({ ruleName }) => ruleName));
}

const elsewhere: Stage = { ...stages.prod, name: 'elsewhere', model: { provider: 'openai', baseUrl: 'https://models.example/v1', aliases: { 'gpt-4': 'llama' } } };
const onBedrock: Stage = {
  ...stages.prod,
  name: 'bedrock',
  model: { provider: 'bedrock', modelIds: ['openai.gpt-oss-120b-1:0', 'eu.mistral.pixtral-large-2502-v1:0'], region: 'eu-west-1', aliases: { 'gpt-4o': 'openai.gpt-oss-120b-1:0' } },
  alarmEmail: 'operator@example.com',
  corsOrigins: ['https://app.example'],
  contextWindows: { 'gpt-4': 8192 },
  retention: 'never',
  toolFunctions: ['arn:aws:lambda:eu-west-1:123456789012:function:orders:live', 'arn:aws:lambda:eu-west-1:123456789012:function:weather'],
};

describe('AWS’s own rules for good solutions, serverless ones in particular', () => {
  it.each([...everyStage, elsewhere, onBedrock, withoutCode].map((stage) => [stage.name, stage] as const))('have nothing to say of %s that is not explained', (_name, stage) => {
    expect(findings(stage)).toEqual([]);
  });

  it('fail the synthesis with what they say', () => {
    const spoil = ({ data, service }: Stacks) => {
      new Bucket(data, 'Stray');
      new CfnFunction(service, 'Plain', { code: { zipFile: '' }, role: 'arn:aws:iam::123456789012:role/any', handler: 'index.handler', runtime: 'nodejs24.x' });
    };
    expect(() => findings(stages.dev, spoil)).toThrow(/AwsSolutions-S1'.*AwsSolutions-S10'.*Serverless-LambdaDefaultTimeout'/s);
  });
});

describe('a stage', () => {
  it('is found by its name alone', () => {
    expect(findStage('prod')).toBe(stages.prod);
    for (const name of ['production', 'toString', undefined, 7]) expect(() => findStage(name)).toThrow('infra/stages.ts has: dev, prod');
  });

  it('may not give runs more time than the function that drives them has', () => {
    expect(() => synthesize({ ...stages.dev, runWindowSeconds: 841 })).toThrow(/RUN_WINDOW_SECONDS/);
  });

  it('may not name context windows that no function would take', () => {
    expect(() => synthesize({ ...stages.dev, contextWindows: { small: 10 } })).toThrow(/MODEL_CONTEXT_WINDOWS/);
  });

  it('may have functions answer tools, which those who drive runs may invoke, and no others', () => {
    const { service } = synthesize(onBedrock);
    const invokers = resources(service, 'AWS::IAM::Policy').flatMap(([id, { Properties }]) => {
      const { Statement } = Properties['PolicyDocument'] as { Statement: { Action: string | string[]; Resource: unknown[] }[] };
      const invoking = Statement.filter(({ Action }) => Action === 'lambda:InvokeFunction');
      return id.startsWith('Timers') ? [] : invoking.map(({ Resource }) => [id.replace(/Role.*/, ''), Resource.filter((arn) => typeof arn === 'string')]);
    });
    expect(invokers).toEqual([['Api', onBedrock.toolFunctions], ['RunWorker', onBedrock.toolFunctions]]);
    const told = resources(service, 'AWS::Lambda::Function').flatMap(([id, { Properties }]) => {
      const { TOOL_FUNCTIONS } = (Properties['Environment'] as { Variables: Record<string, string> }).Variables;
      return TOOL_FUNCTIONS === undefined ? [] : [[id.replace(/Fn.*/, ''), TOOL_FUNCTIONS.split(',')]];
    });
    expect(told).toEqual(invokers);
  });

  it('tells the one who asked for it of alarms', () => {
    const { service } = synthesize(onBedrock);
    expect(resources(service, 'AWS::SNS::Subscription').map(([, { Properties }]) => Properties['Endpoint'])).toEqual(['operator@example.com']);
  });
});
