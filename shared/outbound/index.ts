import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { type Clock, within } from '../domain/clock.ts';
import { type Outbound, type OutboundRequest, UnreachableError, UnsafeUrlError } from '../ports/outbound.ts';
import { type Address, send } from './send.ts';
import { type Rules, type Target, readTarget } from './target.ts';

export interface OutboundSettings extends Rules {
  clock: Clock;
  /** All addresses of a name; as the system finds them unless told otherwise. */
  resolve?: (host: string) => Promise<Address[]>;
}

const resolveBySystem = (host: string): Promise<Address[]> => lookup(host, { all: true, verbatim: true });

/**
 * POSTs that reach public addresses alone. A name is looked up once and all its addresses are checked; the connection is then made
 * to those very addresses, so that a name cannot turn into another between check and use. No redirect is followed, no proxy of the
 * environment is asked, no connection is kept.
 */
export function makeOutbound({ clock, loopback, resolve = resolveBySystem }: OutboundSettings): Outbound {
  return {
    check: (url) => void readTarget(url, { loopback }),
    async post(request) {
      const target = readTarget(request.url, { loopback });
      const { timeoutMs: ms, signal } = request;
      const late = () => new UnreachableError(`The endpoint took longer than ${ms / 1000} seconds.`);
      return within(clock, { ms, late, signal }, (over) => orAborted(over, postTo(target, request, resolve, over)));
    },
  };
}

async function postTo(target: Target, request: OutboundRequest, resolve: (host: string) => Promise<Address[]>, signal: AbortSignal) {
  const addresses = await addressesOf(target, resolve);
  signal.throwIfAborted();
  return send(target, addresses, request, signal);
}

/** All of them, or none: a name that has one foot inside is not trusted with the other. */
async function addressesOf({ host, mayBe }: Target, resolve: (host: string) => Promise<Address[]>): Promise<Address[]> {
  const addresses = isIP(host) === 0 ? await found(host, resolve) : [{ address: host, family: isIP(host) }];
  if (!addresses.every(({ address }) => mayBe(address))) throw new UnsafeUrlError('The URL’s name leads to an address that is not of the public internet.');
  return addresses;
}

async function found(host: string, resolve: (host: string) => Promise<Address[]>): Promise<Address[]> {
  const addresses = await resolve(host).catch((cause: unknown) => {
    throw new UnreachableError('The URL’s name could not be found.', { cause });
  });
  if (addresses.length === 0) throw new UnreachableError('The URL’s name has no address.');
  return addresses;
}

/** A look-up of names cannot be stopped; it is left alone. */
function orAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    work.then(resolve, reject);
  });
}
