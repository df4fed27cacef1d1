/** A stage as CloudFormation templates, put together by the very code that `npx cdk synth` runs. */
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { buildApp } from '../../infra/build.ts';
import { type Stage, stages } from '../../infra/stages.ts';

const CdkJson = z.object({ app: z.string(), context: z.record(z.string(), z.unknown()) });
export const cdkJson = CdkJson.parse(JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')));

const Resource = z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}), DeletionPolicy: z.string().optional(), DependsOn: z.unknown().optional() });
export type Resource = z.infer<typeof Resource>;
const TemplateJson = z.object({ Resources: z.record(z.string(), Resource), Outputs: z.record(z.string(), z.unknown()).default({}) });

export interface Synthesized {
  data: Template;
  service: Template;
  uploads?: Template;
}

export interface Options {
  /** The functions' code as well: making it takes most of the time. */
  bundle?: boolean;
  outdir?: string;
}

export function makeApp({ bundle = false, outdir }: Options = {}): App {
  const faster = { 'aws:cdk:bundling-stacks': [], '@aws-cdk/core:validateAgainstDefaultRules': false };
  return new App({ context: { ...cdkJson.context, ...(!bundle && faster) }, ...(outdir !== undefined && { outdir }), analyticsReporting: false });
}

export function synthesize(stage: Stage, options?: Options): Synthesized {
  const { data, service, uploads } = buildApp(makeApp(options), stage);
  return { data: Template.fromStack(data), service: Template.fromStack(service), ...(uploads && { uploads: Template.fromStack(uploads) }) };
}

const made = new Map<Stage, Synthesized>();

/** Made once for each test file. */
export function templatesOf(stage: Stage): Synthesized {
  const templates = made.get(stage) ?? synthesize(stage);
  made.set(stage, templates);
  return templates;
}

export const everyStage: Stage[] = Object.values(stages);
/** Where no code is executed. */
export const withoutCode: Stage = { ...stages.dev, name: 'codeless', codeInterpreter: false };

/** The resources of a type, by their logical ids. */
export function resources(template: Template, type: string): [id: string, resource: Resource][] {
  return Object.entries(TemplateJson.parse(template.toJSON()).Resources).filter(([, resource]) => resource.Type === type);
}

export const outputs = (template: Template): Record<string, unknown> => TemplateJson.parse(template.toJSON()).Outputs;

/** A value of a template as one line of text: `<Id.Attribute>` for what only a deployment knows. */
export function asText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const [[name, argument] = ['', undefined]] = Object.entries(value);
  if (name === 'Ref') return `<${String(argument)}>`;
  if (name === 'Fn::ImportValue') return `<${asText(argument)}>`;
  if (name === 'Fn::GetAtt' && Array.isArray(argument)) return `<${argument.join('.')}>`;
  if (name === 'Fn::Join' && Array.isArray(argument)) return (argument[1] as unknown[]).map(asText).join(String(argument[0]));
  return JSON.stringify(value);
}
