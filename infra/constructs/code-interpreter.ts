/** Where Python is executed that models write: machines of AgentCore's, one for each session, which the service destroys. */
import { CfnCodeInterpreterCustom } from 'aws-cdk-lib/aws-bedrockagentcore';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { metricName } from '../../functions/shared/metric-names.ts';
import type { Stage } from '../stages.ts';
import { type Monitoring, logged } from './monitoring.ts';
import { allow } from './service-function.ts';

const action = (name: string): string => `bedrock-agentcore:${name}`;
/** To ask about a session tells an end that has come already from one that failed. */
const END = ['GetCodeInterpreterSession', 'StopCodeInterpreterSession'].map(action);
const EXECUTE = [...END, ...['InvokeCodeInterpreter', 'StartCodeInterpreterSession'].map(action)];

export class CodeInterpreter extends Construct {
  readonly id: string;
  readonly #arn: string;

  constructor(scope: Construct, id: string, { stage, monitoring }: { stage: Stage; monitoring: Monitoring }) {
    super(scope, id);
    // The class that wraps this one would make a role for it: code of strangers gets none.
    const interpreter = new CfnCodeInterpreterCustom(this, 'Interpreter', {
      // One account may have several stages; the service takes no hyphens.
      name: `threadkeep_${stage.name.replaceAll(/\W/g, '_')}`,
      description: 'Python of models without a network',
      networkConfiguration: { networkMode: 'SANDBOX' },
    });
    this.id = interpreter.attrCodeInterpreterId;
    this.#arn = interpreter.attrCodeInterpreterArn;
    monitoring.alarm(this, 'NotExecuted', {
      metric: logged(stage, metricName('code_not_executed')),
      threshold: 1,
      errorImpact: 'Models were told that their code could not be executed, and answered without it; their runs still complete. Look for code_not_executed in the logs of api and run-worker: permissions, quotas or a region of AgentCore’s are the likely reasons.',
    });
  }

  /** To begin sessions, execute in them, and end them. */
  execute(): PolicyStatement {
    return allow(EXECUTE, [this.#arn]);
  }

  /** To end sessions that others have begun. */
  end(): PolicyStatement {
    return allow(END, [this.#arn]);
  }
}
