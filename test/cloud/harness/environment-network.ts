/**
 * In an execution environment: names are found and connections made as internet-addresses.ts has them, and beyond that and this
 * machine there is nothing. It lies beneath Node's own `net`, so that whatever checks names, addresses, peers and certificates is real.
 */
import type { LookupAddress } from 'node:dns';
import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';
import { constants } from 'node:os';
import { addressOf, portBehind } from './internet-addresses.ts';

interface Peer {
  address?: string;
  port?: number;
}
/** What `net` is made of; undocumented, and the only place below it. */
interface TcpHandle {
  connect: Connect;
  connect6: Connect;
  getpeername: (this: TcpHandle, peer: Peer) => number;
}
type Connect = (this: TcpHandle, request: object, address: string, port: number) => number;
interface Bindings {
  binding(name: 'tcp_wrap'): { TCP: { prototype: TcpHandle } };
}

const UNREACHABLE = -constants.errno.ENETUNREACH;
const LOOPBACK = /^127\.|^::1$/;

export function installNetwork(): void {
  replaceConnections((process as typeof process & Bindings).binding('tcp_wrap').TCP.prototype);
  replaceNames();
}

function replaceConnections(tcp: TcpHandle): void {
  const { connect, connect6, getpeername } = tcp;
  const peers = new WeakMap<TcpHandle, Required<Peer>>();
  tcp.connect = function (request, address, port) {
    if (LOOPBACK.test(address)) return connect.call(this, request, address, port);
    const behind = portBehind(address, port);
    if (behind === undefined) return UNREACHABLE;
    peers.set(this, { address, port });
    return connect.call(this, request, '127.0.0.1', behind);
  };
  tcp.connect6 = function (request, address, port) {
    return LOOPBACK.test(address) ? connect6.call(this, request, address, port) : UNREACHABLE;
  };
  tcp.getpeername = function (peer) {
    const status = getpeername.call(this, peer);
    return Object.assign(peer, peers.get(this)), status;
  };
}

function replaceNames(): void {
  const find = async (name: string): Promise<LookupAddress[]> => {
    const address = addressOf(name);
    if (address === undefined) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: name });
    return [{ address, family: 4 }];
  };
  Object.assign(dns, { lookup: find });
  syncBuiltinESMExports();
}
