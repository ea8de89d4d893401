import { BlockList, isIP } from 'node:net';

// Addresses that a receiver on the public internet cannot have (IANA's registries of special-purpose addresses, RFC 6890): whoever may
// name a receiver must not reach with it what only this machine or its network reaches.

const special = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  special.addSubnet(network, prefix, 'ipv4');
}
/** Within the one block of IPv6 that is given out for the public internet: what tunnels to IPv4, and what is for documents. */
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special.addSubnet(network, prefix, 'ipv6');
}
const global = new BlockList();
global.addSubnet('2000::', 3, 'ipv6');

/** May a receiver on the public internet have this address? False for anything that is no address. */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/^\[(.*)\]$/, '$1');
  switch (isIP(bare)) {
    case 4:
      return !special.check(bare, 'ipv4');
    case 6:
      return global.check(bare, 'ipv6') && !special.check(bare, 'ipv6');
    default:
      return false;
  }
}

/** What the addresses of receivers have to be. */
export interface ReceiverRules {
  /** Host names, in lower case; `*.example.com` stands for every name below it. Absent: any. */
  readonly allowedHosts?: readonly string[];
  /** Addresses of this machine and of private networks too. */
  readonly allowPrivate: boolean;
  /** http as well as https. */
  readonly allowHttp: boolean;
}

/** What is wrong with the address of a receiver, as "expected …"; `undefined` when nothing is. Names are resolved at the connection. */
export function receiverFault(
  url: string,
  { allowedHosts, allowPrivate, allowHttp }: ReceiverRules,
): string | undefined {
  const expected = `an ${allowHttp ? 'http or https' : 'https'} address of up to 2000 characters, without user and fragment`;
  if (url.length > 2000 || !URL.canParse(url)) return expected;
  const { protocol, hostname, username, password, hash } = new URL(url);
  if (protocol !== 'https:' && !(allowHttp && protocol === 'http:')) return expected;
  if (username !== '' || password !== '' || hash !== '') return expected;
  if (allowedHosts !== undefined && !allowedHosts.some((host) => isHost(hostname, host))) {
    return 'a host that WEBHOOK_ALLOWED_HOSTS names';
  }
  const literal = isIP(hostname.replace(/^\[(.*)\]$/, '$1')) > 0;
  if (!allowPrivate && (literal ? !isPublicAddress(hostname) : /(?:^|\.)localhost\.?$/.test(hostname))) {
    return 'an address on the public internet';
  }
  return undefined;
}

const isHost = (hostname: string, allowed: string): boolean =>
  allowed.startsWith('*.') ? hostname.endsWith(allowed.slice(1)) : hostname === allowed;
