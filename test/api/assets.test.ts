import { gunzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import { testApp } from './support';

const brand = {
  name: 'Böse & Söhne <GmbH>',
  support: 'Questions? Call 555-0100.',
  logo: { type: 'image/svg+xml', bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>') },
  style: ':root {\n  --brand-accent: #005f40;\n}\n',
} as const;

test('every file that a page names is there, may be kept for good, and comes packed where the browser takes that', async () => {
  const { app } = await testApp({}, { brand });
  const { body } = await app.inject({ url: '/' });
  const paths = [...body.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(paths.map((path) => path.split('/').at(-1))).toEqual(['icon.svg', 'base.css', 'brand.css', 'logo.svg']);
  for (const url of paths) {
    const plain = await app.inject({ url });
    const packed = await app.inject({ url, headers: { 'accept-encoding': 'gzip' } });
    expect([plain.statusCode, plain.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.rawPayload)).toEqual(plain.rawPayload);
  }
});

test('the brand stands on the page as text, and under addresses of its content', async () => {
  const { app } = await testApp({}, { brand });
  const { body } = await app.inject({ url: '/' });
  expect(body).toContain('Böse &amp; Söhne &lt;GmbH>');
  expect(body).toContain('Questions? Call 555-0100.');
  const other = await testApp({}, { brand: { ...brand, style: ':root {\n  --brand-accent: #000;\n}\n' } });
  expect((await other.app.inject({ url: '/' })).body).not.toBe(body);
});

test('a logo that is opened by itself may run nothing', async () => {
  const { app } = await testApp({}, { brand });
  const { body } = await app.inject({ url: '/' });
  const [, url = ''] = /src="([^"]+logo\.svg)"/.exec(body) ?? [];
  expect(String((await app.inject({ url })).headers['content-security-policy'])).toMatch(/default-src 'none'.*sandbox/);
});

test('nothing else is below /assets/', async () => {
  const { app } = await testApp();
  for (const url of ['/assets/', '/assets/base.css', '/assets/x/base.css', '/assets/../package.json']) {
    expect((await app.inject({ url })).statusCode).toBe(404);
  }
});
