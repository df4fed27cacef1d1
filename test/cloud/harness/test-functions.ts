/** For the harness's own tests: functions made of the handlers beside this. */
import type { CloudClock } from './cloud-clock.ts';
import { type FunctionSpec, LambdaFunction, type LambdaOptions } from './lambda-function.ts';

const HANDLERS = new URL('handlers', import.meta.url).pathname;

export function openFunctions(clock: CloudClock) {
  const opened: LambdaFunction[] = [];
  /** `handler` is the file's name and the export's: `plain.echo`. */
  const open = (handler: string, spec: Partial<FunctionSpec> = {}, options: Partial<LambdaOptions> = {}): LambdaFunction => {
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:plain';
    const fn = new LambdaFunction(
      { id: 'PlainFn', name: 'plain', arn, codeDir: HANDLERS, handler, environment: {}, timeoutS: 60, memoryMb: 256, ...spec },
      { endpoint: 'http://127.0.0.1:1', clock, ...options },
    );
    opened.push(fn);
    return fn;
  };
  const closeAll = async (): Promise<void> => {
    await Promise.all(opened.splice(0).map((fn) => fn.close()));
  };
  return { open, closeAll };
}
