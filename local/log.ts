import type { Log, LogCode } from '../shared/ports/log.ts';

/** JSON lines on standard error, so that standard output stays for people. */
export function jsonLog(level: 'off' | 'error' | 'info'): Log & { mute(): void } {
  let muted = false;
  const write = (severity: string, code: LogCode, fields: Record<string, unknown> = {}) => {
    if (muted) return;
    const { error, ...rest } = fields;
    const cause = error === undefined ? {} : { error: error instanceof Error ? error.stack : JSON.stringify(error) };
    process.stderr.write(`${JSON.stringify({ at: new Date().toISOString(), level: severity, code, ...rest, ...cause })}\n`);
  };
  return {
    info: (code, fields) => (level === 'info' ? write('info', code, fields) : undefined),
    error: (code, fields) => (level === 'off' ? undefined : write('error', code, fields)),
    mute: () => void (muted = true),
  };
}
