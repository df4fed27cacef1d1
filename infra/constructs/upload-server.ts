/** A Lambda web function that takes files in: an HTTP server of its own, for bodies larger than an event can be. */
import { AssetHashType, DockerImage, type Duration, RemovalPolicy } from 'aws-cdk-lib';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { WebFunction, WebFunctionAuthType, WebFunctionCode, WebFunctionRuntime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import { UploadEnv } from '../../functions/upload/env.ts';
import type { Stage } from '../stages.ts';
import { BANNER, ROOT, TARGET } from './bundling.ts';
import { explain } from './explain.ts';
import { type Given, environmentOf } from './service-function.ts';

/** Requests in one execution environment, of 2 GB: each holds two parts of a file, which have 8 MiB, and what is on its way. */
const AT_ONCE = 16;

export interface UploadServerProps {
  stage: Stage;
  key: IKey;
  environment: Omit<z.input<typeof UploadEnv>, Given>;
  timeout: Duration;
  permissions: PolicyStatement[];
  explanations: Record<string, string>;
}

export class UploadServer extends Construct {
  /** Of its own endpoint. */
  readonly domainName: string;

  constructor(scope: Construct, id: string, { stage, key, environment, timeout, permissions, explanations }: UploadServerProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Log', { retention: stage.logDays, encryptionKey: key, removalPolicy: RemovalPolicy.DESTROY });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com'), description: 'What upload may do' });
    logGroup.grantWrite(role);
    for (const statement of permissions) role.addToPolicy(statement);
    const fn = new WebFunction(this, 'Fn', {
      code: WebFunctionCode.fromAssetToManagedBucket(join(ROOT, 'functions/upload'), {
        // One file, as all functions are; neither Docker nor network.
        bundling: { image: DockerImage.fromRegistry('none'), local: { tryBundle: (outputDir) => bundle(outputDir) } },
        assetHashType: AssetHashType.OUTPUT,
      }),
      runtime: WebFunctionRuntime.NODEJS_24_X,
      role,
      logGroup,
      timeout,
      maxConcurrencyPerEnvironment: AT_ONCE,
      environment: environmentOf(this.node.path, stage, UploadEnv, environment),
      defaultEndpointAuth: WebFunctionAuthType.APPLICATION_MANAGED,
    });
    explain(role, explanations);
    explain(fn, { '@aws-cdk/aws-lambda:webFunctionPublicEndpoint': 'Clients sign nothing: the app checks the API key of each request, and the distribution shows a secret.' });
    this.domainName = fn.endpoint.domainName;
  }
}

function bundle(outputDir: string): boolean {
  buildSync({
    entryPoints: [join(ROOT, 'functions/upload/server.ts')],
    outfile: join(outputDir, 'index.js'),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: TARGET,
    mainFields: ['module', 'main'],
    banner: { js: BANNER },
    // Nothing here counts tokens, and what could would be larger than all the rest.
    external: ['gpt-tokenizer/*'],
    sourcemap: true,
    sourcesContent: false,
    logLevel: 'error',
  });
  // Lambda starts `index.js`, and nothing else says that it is a module.
  writeFileSync(join(outputDir, 'package.json'), '{"type":"module"}\n');
  return true;
}
