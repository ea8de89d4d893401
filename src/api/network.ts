import { isIP } from 'node:net';

/**
 * What limits count an address by: an IPv4 address whole; of an IPv6 address the first 64 bits, for whoever has one address of a /64
 * has all of them (RFC 6177). An IPv4 address written as IPv6 (::ffff:192.0.2.1) is the IPv4 address. Text that is no address, as a
 * proxy may pass it on, counts as one and the same.
 */
export function networkOf(address: string): string {
  const text = address.replace(/%.*$/, ''); // a zone says which interface, not who
  switch (isIP(text)) {
    case 4:
      return text;
    case 6:
      return ofIPv6(groupsOf(text));
    default:
      return 'unknown';
  }
}

function ofIPv6(groups: readonly number[]): string {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, high = 0, low = 0] = groups;
  const isMapped = f === 0xffff && [a, b, c, d, e].every((group) => group === 0);
  if (isMapped) return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  return `${[a, b, c, d].map((group) => group.toString(16)).join(':')}::/64`;
}

/** The eight groups of an IPv6 address; `new URL` writes every spelling in one form, an IPv4 tail included (WHATWG URL, 3.5). */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const parsed = (part: string) => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const [before, after] = [parsed(head), parsed(tail ?? '')];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}
