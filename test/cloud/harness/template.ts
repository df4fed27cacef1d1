/** A synthesized template, and what its intrinsic functions come to once its resources exist. */
import * as z from 'zod';

/** Strict, so that a field that nobody here knows (a Condition, say) is not passed over. */
const Resource = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.unknown().optional(),
  Metadata: z.unknown().optional(),
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});
export type Resource = z.infer<typeof Resource>;

/** Of the CDK's own, about itself; it alone is conditional. */
const ANALYTICS = 'AWS::CDK::Metadata';

const isAnalytics = (value: unknown): boolean => typeof value === 'object' && value !== null && 'Type' in value && value.Type === ANALYTICS;

const Output = z.object({ Value: z.unknown(), Export: z.object({ Name: z.string() }).optional() });

export const Template = z.object({
  Resources: z.record(z.string(), z.unknown()).transform((all) => {
    const ours = Object.entries(all).filter(([, value]) => !isAnalytics(value));
    return Object.fromEntries(ours.map(([id, value]) => [id, Resource.parse(value)]));
  }),
  Outputs: z.record(z.string(), Output).default({}),
});
export type Template = z.infer<typeof Template>;

/** What a resource is once it has been made. */
export interface Physical {
  /** What `Ref` gives. */
  ref: string;
  /** What `Fn::GetAtt` gives. */
  attributes?: Record<string, string>;
}

const PSEUDO: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::AccountId': '000000000000',
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Resolves values of one stack against what has been made so far; throws on what is not there yet, and on every function that it does not know. */
export class Resolver {
  readonly #made = new Map<string, Physical>();
  readonly #exports: Map<string, unknown>;

  /** `exports` is shared by the stacks of a deployment. */
  constructor(exports: Map<string, unknown>) {
    this.#exports = exports;
  }

  made(id: string, physical: Physical): void {
    this.#made.set(id, physical);
  }

  export(template: Template): void {
    for (const { Value, Export } of Object.values(template.Outputs)) if (Export) this.#exports.set(Export.Name, this.resolve(Value));
  }

  resolve(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.resolve(item));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [first] = entries;
    if (first && (first[0] === 'Ref' || first[0].startsWith('Fn::'))) {
      if (entries.length > 1) throw new Error(`a function among other fields: ${JSON.stringify(value)}`);
      return this.#call(first[0], first[1]);
    }
    return Object.fromEntries(entries.map(([name, item]) => [name, this.resolve(item)]));
  }

  /** As `resolve`, of what must come to a text. */
  text(value: unknown): string {
    return z.string().parse(this.resolve(value));
  }

  #call(name: string, argument: unknown): unknown {
    switch (name) {
      case 'Ref':
        return this.#ref(String(argument));
      case 'Fn::GetAtt': {
        const [id, attribute] = z.tuple([z.string(), z.string()]).parse(argument);
        const found = this.#find(id).attributes?.[attribute];
        if (found === undefined) throw new Error(`${id} has no attribute ${attribute} here`);
        return found;
      }
      case 'Fn::Join': {
        const [separator, parts] = z.tuple([z.string(), z.array(z.unknown())]).parse(argument);
        return parts.map((part) => this.text(part)).join(separator);
      }
      case 'Fn::Split': {
        const [separator, whole] = z.tuple([z.string(), z.unknown()]).parse(argument);
        return this.text(whole).split(separator);
      }
      case 'Fn::Select': {
        const [at, list] = z.tuple([z.int(), z.unknown()]).parse(argument);
        const found = z.array(z.unknown()).parse(this.resolve(list))[at];
        if (found === undefined) throw new Error(`there is no item ${at} in ${JSON.stringify(list)}`);
        return found;
      }
      case 'Fn::Sub':
        return z.string().parse(argument).replaceAll(/\$\{([^}!]+)\}/g, (_, id: string) => this.#ref(id));
      case 'Fn::ImportValue': {
        const exported = this.text(argument);
        if (!this.#exports.has(exported)) throw new Error(`nothing exports ${exported}`);
        return this.#exports.get(exported);
      }
      default:
        throw new Error(`a function that is not understood here: ${name}`);
    }
  }

  #ref(id: string): string {
    const pseudo = PSEUDO[id];
    if (pseudo !== undefined) return pseudo;
    if (id.startsWith('AWS::') && !this.#made.has(id)) throw new Error(`a pseudo parameter that is not understood here: ${id}`);
    return this.#find(id).ref;
  }

  #find(id: string): Physical {
    const physical = this.#made.get(id);
    if (!physical) throw new Error(`${id} has not been made`);
    return physical;
  }
}
