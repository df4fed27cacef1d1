/** Names and public addresses of the harness's internet, behind which are ports of this machine. */

const DOMAIN = 'hooks.test';
const NAME = /^p(\d{1,5})\.hooks\.test$/;
/** Public by its number; nothing ever gets there. */
const NETWORK = '20.66';
const ADDRESS = /^20\.66\.(\d{1,3})\.(\d{1,3})$/;
const HTTPS = 443;

export const ALL_NAMES = `*.${DOMAIN}`;

export const nameOf = (port: number): string => `p${port}.${DOMAIN}`;

/** Undefined when there is no such name. */
export function addressOf(name: string): string | undefined {
  const port = Number(NAME.exec(name)?.[1]);
  return port < 0x10000 ? `${NETWORK}.${port >> 8}.${port & 0xff}` : undefined;
}

/** Undefined when nobody is there. */
export function portBehind(address: string, port: number): number | undefined {
  const [, high, low] = ADDRESS.exec(address) ?? [];
  return port === HTTPS && high !== undefined ? Number(high) * 0x100 + Number(low) : undefined;
}
