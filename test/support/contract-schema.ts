/** The official description of the API as validators, with the deviations that hosted had and that we accept. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { DEVIATIONS, EXTENSIONS } from './contract-deviations.ts';
import { at, dig, object, refName, type JsonObject } from './contract-json.ts';

export { DEVIATIONS, EXTENSIONS } from './contract-deviations.ts';

export interface Contract {
  /** False when the document is not on this machine: then nothing is validated. */
  available: boolean;
  /** Throws an error that names what is wrong. Does nothing when the document is absent. */
  expectValid: (schemaName: string, payload: unknown) => void;
  /** The schema of the 200 answer of an operation; `path` is a template or a real path below the base URL. */
  schemaForResponse: (method: string, path: string) => string | undefined;
  /** The schema of the data of a server-sent event. */
  schemaForEvent: (name: string) => string | undefined;
}

const DOCUMENT = 'contract';
const SHOWN_ERRORS = 8;
/** Timestamps are seconds: milliseconds would be beyond this. */
const LATEST_SECOND = 1e11;

/** Validators for the document in `file`; the published document as it is without `deviations`. */
export function openContract(file: string, deviations = DEVIATIONS): Contract {
  if (!existsSync(file)) {
    console.warn(`contract schema not found at ${file}: responses are NOT validated against it in this run`);
    return { available: false, expectValid: () => undefined, schemaForResponse: () => undefined, schemaForEvent: () => undefined };
  }
  const document = JSON.parse(readFileSync(file, 'utf8')) as JsonObject;
  const schemas = at(document, 'components', 'schemas');
  // Some schemas list properties without saying that they mean an object: null and [] would pass.
  for (const schema of Object.values(schemas)) if (object(schema)?.['properties']) Object.assign(schema ?? {}, { type: 'object' });
  for (const { name, schema } of EXTENSIONS) schemas[name] = schema;
  for (const { schema, apply } of deviations) apply(at(schemas, schema));
  const expectValid = validator(document);
  const routes = routesOf(at(document, 'paths'));
  const events = eventsOf(schemas);
  return { available: true, expectValid, schemaForResponse: (method, path) => findRoute(routes, method, path), schemaForEvent: (name) => events.get(name) };
}

/** Where the document is looked for: beside the repository, or where THREADKEEP_CONTRACT says. */
export const contractFile = process.env['THREADKEEP_CONTRACT'] ?? fileURLToPath(new URL('../../../shared/contract/assistants-openapi.normalized.json', import.meta.url));
const contract = openContract(contractFile);

export const contractAvailable = contract.available;
export const { expectValid, schemaForResponse, schemaForEvent } = contract;

function validator(document: JsonObject): Contract['expectValid'] {
  const ajv = new Ajv2020({ strict: false, allErrors: true, verbose: true });
  ajvFormats.default(ajv);
  ajv.addFormat('unixtime', { type: 'number', validate: (value) => Number.isInteger(value) && value >= 0 && value < LATEST_SECOND });
  ajv.addSchema(document, DOCUMENT);
  return (schemaName, payload) => {
    const validate = ajv.getSchema(`${DOCUMENT}#/components/schemas/${schemaName}`);
    if (!validate) throw new Error(`the contract has no schema '${schemaName}'`);
    if (validate(payload) === true) return;
    const lines = explain(validate.errors ?? []);
    const more = lines.length > SHOWN_ERRORS ? `\n- and ${lines.length - SHOWN_ERRORS} more` : '';
    throw new Error(`not a valid ${schemaName}:\n- ${lines.slice(0, SHOWN_ERRORS).join('\n- ')}${more}`);
  };
}

/** One line per fault; what is missing in one place shares a line. */
function explain(errors: ErrorObject[]): string[] {
  const missing = new Map<string, string[]>();
  const faults = new Set<string>();
  for (const { instancePath, keyword, message = 'is wrong', params, data } of errors) {
    const place = instancePath || '(top)';
    if (keyword === 'required') missing.set(place, [...(missing.get(place) ?? []), String(params['missingProperty'])]);
    else faults.add(`${place} ${message}${'allowedValues' in params ? ` ${JSON.stringify(params['allowedValues'])}` : ''}, got ${(JSON.stringify(data) ?? 'undefined').slice(0, 120)}`);
  }
  return [...[...missing].map(([place, names]) => `${place} lacks ${[...new Set(names)].join(', ')}`), ...faults];
}

interface Route {
  method: string;
  segments: string[];
  schema: string;
}

function routesOf(paths: JsonObject): Route[] {
  const documented = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(object(operations) ?? {}).flatMap(([method, operation]) => {
      const schema = refName(dig(operation, 'responses', '200', 'content', 'application/json', 'schema'));
      return schema === undefined ? [] : [{ method, segments: path.split('/'), schema }];
    }),
  );
  return [...documented, ...EXTENSIONS.map(({ method, path, name }) => ({ method, segments: path.split('/'), schema: name }))];
}

const isParameter = (segment: string | undefined): boolean => segment?.startsWith('{') ?? false;

/** Of several routes that match, the one with the fewest parameters: `/threads/runs` is not a thread named runs. */
function findRoute(routes: Route[], method: string, path: string): string | undefined {
  const wanted = path.split('/');
  const matching = routes.filter(
    (route) =>
      route.method === method.toLowerCase() &&
      route.segments.length === wanted.length &&
      route.segments.every((segment, index) => segment === wanted[index] || (isParameter(segment) && wanted[index] !== '')),
  );
  const parameters = ({ segments }: Route): number => segments.filter(isParameter).length;
  return matching.sort((a, b) => parameters(a) - parameters(b))[0]?.schema;
}

/** Event name → schema of its data, from the union of unions that describes the stream. */
function eventsOf(schemas: JsonObject): Map<string, string> {
  const events = new Map<string, string>();
  const visit = (name: string): void => {
    const schema = at(schemas, name);
    const alternatives = Array.isArray(schema['oneOf']) ? schema['oneOf'] : [schema];
    for (const alternative of alternatives) {
      const nested = refName(alternative);
      if (nested !== undefined) {
        visit(nested);
        continue;
      }
      const event = dig(alternative, 'properties', 'event', 'enum', '0');
      const data = refName(dig(alternative, 'properties', 'data'));
      if (typeof event === 'string' && data !== undefined) events.set(event, data);
    }
  };
  visit('AssistantStreamEvent');
  return events;
}
