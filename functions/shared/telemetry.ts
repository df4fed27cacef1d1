/** Logs, metrics and traces of a function, behind the Log port. Codes, ids and numbers leave the function; what users wrote never does. */
import { Logger, LogFormatter, LogItem } from '@aws-lambda-powertools/logger';
import type { LogAttributes, UnformattedAttributes } from '@aws-lambda-powertools/logger/types';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import type { Log, LogCode } from '../../shared/ports/log.ts';
import { describeError } from './describe-error.ts';
import { METRICS_NAMESPACE, metricName, serviceName } from './metric-names.ts';

export interface Telemetry {
  logger: Logger;
  metrics: Metrics;
  tracer: Tracer;
  log: Log;
}

export function openTelemetry(env: { STAGE: string; LOG_LEVEL: 'ERROR' | 'INFO' }): Telemetry {
  const service = serviceName(env.STAGE);
  const logger = new Logger({ serviceName: service, logLevel: env.LOG_LEVEL, logFormatter: new SafeFormatter() });
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: service });
  // Patching https for every call would also record URLs, and API keys travel in those of some providers.
  const tracer = new Tracer({ serviceName: service, captureHTTPsRequests: false });
  return { logger, metrics, tracer, log: makeLog(logger, metrics) };
}

function makeLog(logger: Logger, metrics: Metrics): Log {
  const write = (level: 'info' | 'error', code: LogCode, { error, ...fields }: Record<string, unknown> = {}) => {
    logger[level](code, { ...fields, ...(error !== undefined && { error: describeError(error) }) });
    metrics.addMetric(metricName(code, typeof fields['status'] === 'string' ? fields['status'] : undefined), MetricUnit.Count, 1);
  };
  return { info: (code, fields) => write('info', code, fields), error: (code, fields) => write('error', code, fields) };
}

/** The shape of each line. An error that reaches the logger by any other way than `log` is described as carefully. */
class SafeFormatter extends LogFormatter {
  formatAttributes({ logLevel, message, timestamp, serviceName: service, lambdaContext, xRayTraceId }: UnformattedAttributes, extra: LogAttributes): LogItem {
    const attributes = {
      level: logLevel,
      message,
      timestamp: this.formatTimestamp(timestamp),
      service,
      function_name: lambdaContext?.functionName,
      function_request_id: lambdaContext?.awsRequestId,
      cold_start: lambdaContext?.coldStart,
      xray_trace_id: xRayTraceId,
    };
    return new LogItem({ attributes }).addAttributes(extra);
  }

  override formatError(error: Error): LogAttributes {
    return { ...describeError(error) };
  }
}
