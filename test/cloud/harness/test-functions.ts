/** For the harness's own tests: functions made of the handlers beside this. */
import type { CloudClock } from './cloud-clock.ts';
import { type FunctionSpec, LambdaFunction, type LambdaOptions } from './lambda-function.ts';

export function openFunctions(clock: CloudClock) {
  const opened: LambdaFunction[] = [];
  return {
    /** `handler` is the file's name and the export's: `plain.echo`. */
    open(handler: string, spec: Partial<FunctionSpec> = {}, options: Partial<LambdaOptions> = {}): LambdaFunction {
      const fn = new LambdaFunction(
        {
          id: 'PlainFn',
          name: 'plain',
          arn: 'arn:aws:lambda:us-east-1:000000000000:function:plain',
          codeDir: new URL('handlers', import.meta.url).pathname,
          handler,
          environment: {},
          timeoutS: 60,
          memoryMb: 256,
          ...spec,
        },
        { endpoint: 'http://127.0.0.1:1', clock, ...options },
      );
      opened.push(fn);
      return fn;
    },
    async closeAll(): Promise<void> {
      await Promise.all(opened.splice(0).map((fn) => fn.close()));
    },
  };
}
