/** A stack being deployed: its template, and its values as far as they are known. */
import { checkUnderstood } from './understood.ts';
import { type Naming, physicalOf, stackId } from './physical.ts';
import { type Physical, Resolver, type Template } from './template.ts';

export class Stack {
  readonly template: Template;
  readonly resolver: Resolver;
  readonly #physical: Map<string, Physical>;

  constructor(template: Template, naming: Naming, exports: Map<string, unknown>) {
    checkUnderstood(template);
    this.template = template;
    this.resolver = new Resolver(exports);
    this.resolver.made('AWS::StackName', { ref: naming.prefix });
    this.resolver.made('AWS::StackId', { ref: stackId(naming) });
    this.#physical = new Map(physicalOf(template, naming, (value) => this.resolver.text(value)));
    for (const [id, physical] of this.#physical) this.resolver.made(id, physical);
  }

  /** Attributes that only the engine knew. */
  learn(id: string, attributes: Record<string, string>): void {
    const { ref, attributes: known } = this.#physical.get(id) ?? { ref: id };
    this.resolver.made(id, { ref, attributes: { ...known, ...attributes } });
  }

  /** The resources of a type, by their logical ids, with their properties resolved. */
  all(type: string): [id: string, properties: unknown][] {
    return Object.entries(this.template.Resources)
      .filter(([, { Type }]) => Type === type)
      .map(([id, { Properties }]) => [id, this.resolver.resolve(Properties)]);
  }

  /** What `Ref` and `Fn::GetAtt` give for a resource of this stack. */
  ref(id: string): string {
    return this.resolver.text({ Ref: id });
  }
  attribute(id: string, name: string): string {
    return this.resolver.text({ 'Fn::GetAtt': [id, name] });
  }

  /** The logical id of what has this value for an attribute. */
  idOf(type: string, attribute: string, value: string): string {
    const found = Object.entries(this.template.Resources).find(([id, { Type }]) => Type === type && this.attribute(id, attribute) === value);
    if (!found) throw new Error(`no ${type} has the ${attribute} ${value}`);
    return found[0];
  }
}
