import { expect, test } from '@jest/globals';
import { createFailedAttempts } from '../../src/api/failed-attempts';
import { networkOf } from '../../src/api/network';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::ffff:c000:201', '192.0.2.1'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ['no address', 'unknown'],
  ['', 'unknown'],
])('%s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test('addresses of one /64 are one network, those of the next are another', () => {
  expect(networkOf('2001:db8::1')).toBe(networkOf('2001:db8::ffff:ffff:ffff:ffff'));
  expect(networkOf('2001:db8::1')).not.toBe(networkOf('2001:db8:0:1::1'));
});

test('failures of many networks take no more memory than 10,000 of them', () => {
  const attempts = createFailedAttempts(1, () => 0);
  for (let n = 0; n <= 10_000; n += 1) attempts.count(`network ${n}`);
  expect(attempts.waitMs('network 0')).toBe(0); // made room
  expect(attempts.waitMs('network 1')).toBe(60_000);
  expect(attempts.waitMs('network 10000')).toBe(60_000);
});
