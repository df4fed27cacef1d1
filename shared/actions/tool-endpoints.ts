/** Who answers a project's calls of functions: made, changed, given new secrets and removed. */
import { InvalidRequestError } from '../domain/errors.ts';
import { FunctionArn, LONGEST_CALL_SECONDS, MOST_TOOL_ENDPOINTS, type ToolEndpoint } from '../domain/tool-endpoint.ts';
import { newSigningSecret, rotated } from '../domain/webhook-endpoint.ts';
import { ConflictError, create, remove, retryOnConflict, update } from '../ports/commit.ts';
import type { World } from '../ports/world.ts';
import { checkUrl } from './check-url.ts';
import { findToolEndpoint } from './find.ts';

export interface Given {
  url?: string | undefined;
  lambdaArn?: string | undefined;
  timeoutSeconds?: number | undefined;
}

/** InvalidRequestError for a target that may not be called, a name that is taken, and one endpoint too many. */
export async function createToolEndpoint(world: World, projectId: string, name: string, given: Given): Promise<ToolEndpoint> {
  const target = targetOf(world, given);
  if (!target) throw new InvalidRequestError("Give either 'url' or 'lambda_arn'.", 'url', 'missing_required_parameter');
  const { items } = await world.store.page('tool_endpoint', [projectId], { order: 'asc', limit: MOST_TOOL_ENDPOINTS });
  if (items.length >= MOST_TOOL_ENDPOINTS) throw new InvalidRequestError(`A project can have at most ${MOST_TOOL_ENDPOINTS} tool endpoints.`, undefined, 'too_many_tool_endpoints');
  const endpoint: ToolEndpoint = {
    id: name,
    projectId,
    rev: 0,
    createdAtMs: world.clock.nowMs(),
    target,
    secrets: [{ secret: newSigningSecret() }],
    timeoutSeconds: given.timeoutSeconds ?? LONGEST_CALL_SECONDS,
  };
  try {
    await world.commit({ name: 'create-tool-endpoint', writes: [create('tool_endpoint', endpoint)] });
  } catch (error) {
    if (error instanceof ConflictError) throw new InvalidRequestError(`The function '${name}' has an endpoint already. Change that one, or delete it first.`, 'name', 'tool_endpoint_exists');
    throw error;
  }
  return endpoint;
}

/** What is absent stays; a change that changes nothing is none. */
export function updateToolEndpoint(world: World, projectId: string, name: string, given: Given): Promise<ToolEndpoint> {
  const target = targetOf(world, given);
  return change(world, projectId, name, (before) => {
    const after = { ...before, target: target ?? before.target, timeoutSeconds: given.timeoutSeconds ?? before.timeoutSeconds };
    return JSON.stringify(after) === JSON.stringify(before) ? before : { ...after, updatedAtMs: world.clock.nowMs() };
  });
}

/** A new secret, which is shown this once; with `keepsOld` calls carry the former one's signature too for a day. */
export function rotateToolSecret(world: World, projectId: string, name: string, keepsOld: boolean): Promise<ToolEndpoint> {
  const secret = newSigningSecret();
  return change(world, projectId, name, (before) => {
    if (!('url' in before.target)) throw new InvalidRequestError(`Calls of '${name}' go to a Lambda function, and are not signed.`, undefined, 'not_signed');
    return rotated(before, secret, keepsOld, world.clock.nowMs());
  });
}

/** Calls that are under way are finished; later ones are the client's again. */
export function deleteToolEndpoint(world: World, projectId: string, name: string): Promise<void> {
  return retryOnConflict(async () => {
    const endpoint = await findToolEndpoint(world, projectId, name);
    await world.commit({ name: 'delete-tool-endpoint', writes: [remove('tool_endpoint', endpoint)] });
  });
}

function change(world: World, projectId: string, name: string, how: (before: ToolEndpoint) => ToolEndpoint): Promise<ToolEndpoint> {
  return retryOnConflict(async () => {
    const before = await findToolEndpoint(world, projectId, name);
    const after = how(before);
    if (after === before) return before;
    const write = update('tool_endpoint', before, after);
    await world.commit({ name: 'update-tool-endpoint', writes: [write] });
    return write.record;
  });
}

function targetOf(world: World, { url, lambdaArn }: Given): ToolEndpoint['target'] | undefined {
  if (url !== undefined && lambdaArn !== undefined) throw new InvalidRequestError("Give either 'url' or 'lambda_arn', not both.", 'lambda_arn', 'invalid_value');
  if (url !== undefined) {
    checkUrl(world, url);
    return { url };
  }
  if (lambdaArn === undefined) return undefined;
  checkFunction(world, lambdaArn);
  return { lambdaArn };
}

/** The operator names the functions that may be called: projects share the role that calls them. */
function checkFunction({ functions }: World, arn: string): void {
  const refuse = (message: string, code: string) => new InvalidRequestError(message, 'lambda_arn', code);
  if (!functions) throw refuse("'lambda_arn' is for a server that runs on AWS. Give a 'url' here.", 'unsupported_parameter');
  if (!FunctionArn.safeParse(arn).success) throw refuse("Invalid 'lambda_arn': expected the ARN of a Lambda function.", 'invalid_value');
  if (!functions.mayInvoke(arn)) throw refuse(`Invalid 'lambda_arn': this server may not call that function. Whoever operates it names the functions that it may call.`, 'invalid_value');
}
