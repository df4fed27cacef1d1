/** A stage as `npx cdk synth` leaves it in a folder: the templates, and the functions' bundled code beside them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildApp } from '../../../infra/build.ts';
import type { Stage } from '../../../infra/stages.ts';
import { makeApp } from '../../infra/synthesized.ts';
import { Template } from './template.ts';

export interface Assembly {
  data: Template;
  service: Template;
  /** Absent where requests come by the REST API alone. */
  uploads?: Template;
  /** The folder of a function's code, by the S3 key that the template names. */
  codeDir(s3Key: string): string;
}

/** Bundles every function: some ten seconds. */
export function synthesize(stage: Stage, outdir: string): void {
  const app = makeApp({ bundle: true, outdir });
  buildApp(app, stage);
  app.synth();
}

export function readAssembly(outdir: string): Assembly {
  const template = (stack: string) => Template.parse(JSON.parse(readFileSync(join(outdir, `${stack}.template.json`), 'utf8')));
  const uploads = existsSync(join(outdir, 'Uploads.template.json')) ? { uploads: template('Uploads') } : {};
  return { data: template('Data'), service: template('Service'), ...uploads, codeDir: (s3Key) => join(outdir, `asset.${s3Key.replace(/\.zip$/, '')}`) };
}

/** Where `jest.cloud.config.js` has had the harness's own stage synthesized, once for all test files. */
export const ASSEMBLY_VARIABLE = 'THREADKEEP_TEST_ASSEMBLY';

export function cloudAssembly(): Assembly {
  const dir = process.env[ASSEMBLY_VARIABLE];
  if (dir === undefined) throw new Error(`${ASSEMBLY_VARIABLE} is not set: run this with npm run test:cloud`);
  return readAssembly(dir);
}
