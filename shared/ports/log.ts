/** Structured logs: a code from this list, then ids and numbers. Never a message's content, never a key. */
export type LogCode =
  | 'request_failed'
  | 'run_taken_over'
  | 'run_given_back'
  | 'run_ended'
  | 'model_retry'
  | 'model_failed'
  | 'job_failed'
  | 'invocation_failed'
  | 'feed_failed'
  | 'background_failed'
  | 'delivery_given_up'
  | 'tool_call_failed'
  | 'warning_not_set'
  | 'thread_reaped'
  | 'keyword_search_only'
  | 'embedding_failed'
  | 'file_search_failed'
  | 'attachments_left_out'
  | 'file_indexed'
  | 'file_refused'
  | 'discard_failed'
  | 'store_dropped'
  | 'sandbox_not_ended'
  | 'code_not_executed';

export interface Log {
  info(code: LogCode, fields?: Record<string, unknown>): void;
  error(code: LogCode, fields?: Record<string, unknown>): void;
}
