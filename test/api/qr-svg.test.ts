import { expect, test } from '@jest/globals';
import { encode } from 'uqr';
import { maskPattern, qrSvg, quietZone } from '../../src/api/qr-svg';

const uriOf = (label: string) =>
  `otpauth://totp/Example:${label}?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Example`;

/** The modules that the path of a drawn code makes dark. */
function drawn(svg: string): boolean[][] {
  const size = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1]);
  const modules = Array.from({ length: size }, () => Array<boolean>(size).fill(false));
  for (const [, x, y, width] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1H\d+z/g)) {
    modules[Number(y)]?.fill(true, Number(x), Number(x) + Number(width));
  }
  return modules;
}

test.each([1, 40, 200])(
  'a drawn code has the very modules of the QR code of its text (label of %i characters)',
  (length) => {
    const uri = uriOf('u'.repeat(length));
    expect(drawn(qrSvg(uri))).toEqual(encode(uri, { maskPattern, border: quietZone }).data);
  },
);

test('a drawn code is one path, with one rectangle for a run of dark modules and not for each of them', () => {
  const svg = qrSvg(uriOf('user'));
  const dark = drawn(svg).flat().filter(Boolean).length;
  expect(svg.match(/<path /g)).toHaveLength(1);
  expect((svg.match(/M/g) ?? []).length).toBeLessThan(dark * 0.6);
});
