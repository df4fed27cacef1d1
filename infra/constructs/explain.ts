import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Why a rule of cdk-nag does not hold here: for the construct and all within it. Whatever has no reason fails the synthesis. */
export function explain(construct: IConstruct, reasons: Record<string, string>): void {
  Validations.of(construct).acknowledge(...Object.entries(reasons).map(([id, reason]) => ({ id, reason })));
}
