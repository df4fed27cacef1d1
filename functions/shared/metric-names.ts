/** Names under which functions count and the dashboard looks. */
import type { LogCode } from '../../shared/ports/log.ts';

export const METRICS_NAMESPACE = 'Threadkeep';

export const serviceName = (stage: string): string => `threadkeep-${stage}`;

/** Every line of a log is also counted under its code; the end of a run under its code and status. */
export const metricName = (code: LogCode, status?: string): string => (status === undefined ? code : `${code}_${status}`);
