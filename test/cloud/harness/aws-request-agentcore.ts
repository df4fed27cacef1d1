/** What requests to AgentCore's Code Interpreter ask for: read as its SDK's model has them, which the stand-in does as well. */
import { readRequest } from '../../support/engines/agentcore-wire.ts';
import { asking, type KnownInterpreter, text, unknown } from './aws-asking.ts';
import type { AwsRequest, RawRequest } from './aws-request.ts';

export function readAgentCore({ method, url, headers, body }: RawRequest, interpreters: KnownInterpreter[]): Omit<AwsRequest, 'service'> {
  const { operation, input } = readRequest(method, new URL(url, 'http://front'), headers, body);
  const id = text(input, 'codeInterpreterIdentifier');
  const interpreter = interpreters.find((known) => known.id === id);
  if (!interpreter) throw unknown(`the code interpreter ${id}`);
  return { operation, input, asked: [asking(`bedrock-agentcore:${operation}`, interpreter.arn)] };
}
