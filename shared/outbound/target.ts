import { isIP } from 'node:net';
import { UnsafeUrlError } from '../ports/outbound.ts';
import { isLoopback, isPublic } from './address.ts';

export interface Rules {
  /** This machine may be asked too, and by http: for trying things out on a laptop. */
  loopback: boolean;
}

/** A URL that may be asked, provided that its name resolves to nothing else. */
export interface Target {
  url: URL;
  /** A name, or an address without brackets. */
  host: string;
  mayBe: (address: string) => boolean;
}

const LONGEST_URL = 2048;

/** Names that are nobody's on the internet, or answer everywhere with the machine itself. */
const INSIDE = /(^|\.)(localhost|local|localdomain|internal|intranet|lan|home|corp|private|svc|home\.arpa|onion)$/;

/** Throws UnsafeUrlError. The URL's own parser has brought every spelling of an IPv4 address to the usual one by then. */
export function readTarget(text: string, { loopback }: Rules): Target {
  if (text.length > LONGEST_URL) throw new UnsafeUrlError(`The URL is longer than ${LONGEST_URL} characters.`);
  // The parser takes away what it finds around a URL and in it; nobody means that.
  if (/[\s\\]|\p{Cc}/u.test(text) || !URL.canParse(text)) throw new UnsafeUrlError('This is not a valid URL.');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new UnsafeUrlError('The URL must begin with https://.');
  if (url.username !== '' || url.password !== '') throw new UnsafeUrlError('The URL must not have a user name or password in it.');
  if (url.port === '0') throw new UnsafeUrlError('The URL has no port that can be reached.');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.+$/, '');
  if (loopback && isOwnName(host)) return { url, host, mayBe: isLoopback };
  if (url.protocol !== 'https:') throw new UnsafeUrlError('The URL must begin with https://.');
  const isRefused = isIP(host) === 0 ? !host.includes('.') || INSIDE.test(host) : !isPublic(host);
  if (isRefused) throw new UnsafeUrlError('The URL must be one of the public internet.');
  return { url, host, mayBe: isPublic };
}

const isOwnName = (host: string): boolean => host === 'localhost' || host.endsWith('.localhost') || (isIP(host) !== 0 && isLoopback(host));
