import ipaddr from 'ipaddr.js';

type Address = ReturnType<typeof ipaddr.parse>;

/** What all public IPv6 addresses begin with; translations of IPv4 and everything local are outside of it, or named by the library. */
const GLOBAL = ipaddr.parseCIDR('2000::/3');

/** Public by their numbers, and all the same the inside of a cloud: Azure's host. */
const INSIDE = ['168.63.129.16'];

/** True for an address of the public internet, in whichever way it is written; false for every range that is somebody's inside. */
export function isPublic(text: string): boolean {
  const address = parse(text);
  if (address === undefined || address.range() !== 'unicast') return false;
  if (address.kind() === 'ipv4') return !INSIDE.includes(address.toString());
  return address.match(GLOBAL) && !holdsIpv4(address);
}

export function isLoopback(text: string): boolean {
  const address = parse(text);
  return address?.range() === 'loopback';
}

/** Numbers alone, without a zone. An IPv4 address that is written as an IPv6 one stays one, and is not public. */
function parse(text: string): Address | undefined {
  return !text.includes('%') && ipaddr.isValid(text) ? ipaddr.parse(text) : undefined;
}

/** ISATAP: behind any prefix the interface id 0:5efe or 200:5efe, and then an IPv4 address that the packets are tunnelled to. */
function holdsIpv4(address: Address): boolean {
  const bytes = address.toByteArray();
  return [0, 2].includes(bytes[8] ?? 0) && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;
}
