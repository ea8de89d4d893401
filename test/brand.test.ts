import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { readBrand } from '../src/config/brand';
import { createConfigReader } from '../src/config/reader';

const folder = mkdtempSync(join(tmpdir(), 'brand-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
function read(env: NodeJS.ProcessEnv) {
  const reader = createConfigReader(env);
  return { brand: readBrand(reader), faults: reader.faults };
}
const style = (css: string) => read({ BRAND_STYLE_FILE: file('brand.css', css) });

test('without any of it, the pages have a name', () => {
  expect(read({})).toEqual({ brand: { name: 'Account security' }, faults: [] });
});

test('of a style sheet the variables of the brand are taken, and nothing else', () => {
  const css = `
    @import url('https://evil.example.com/x.css');
    :root { --brand-accent: #005f40; --brand-font: 'Inter', sans-serif; --other: 1; --brand-radius: url(https://evil.example.com/y); }
    body { display: none; --brand-on-accent: white }
    /* --brand-accent-dark: red; */`;
  expect(style(css)).toEqual({
    brand: {
      name: 'Account security',
      style: ":root {\n  --brand-accent: #005f40;\n  --brand-font: 'Inter', sans-serif;\n}\n",
    },
    faults: [],
  });
});

test.each([
  [
    'a style sheet that sets none of them',
    { BRAND_STYLE_FILE: () => file('a.css', 'body { color: red; }') },
    /BRAND_STYLE_FILE: expected a style sheet that sets/,
  ],
  [
    'a file that is not there',
    { BRAND_LOGO_FILE: () => join(folder, 'none') },
    /BRAND_LOGO_FILE: expected the path of a file/,
  ],
  [
    'a logo that is no image',
    { BRAND_LOGO_FILE: () => file('a.html', '<html><svg></svg></html>') },
    /BRAND_LOGO_FILE: expected an SVG or PNG/,
  ],
  [
    'a logo that is too large',
    { BRAND_LOGO_FILE: () => file('b.svg', `<svg>${' '.repeat(300_000)}</svg>`) },
    /at most 256 KiB/,
  ],
  ['a name of several lines', { BRAND_NAME: () => 'a\nb' }, /BRAND_NAME: expected one line/],
] as const)('%s is a fault', (_name, env, fault) => {
  const given = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value()]));
  expect(read(given).faults).toEqual([expect.stringMatching(fault)]);
});

test('SVG and PNG are told apart by what is in them', () => {
  const svg = file('logo', '<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"/>');
  const png = file('logo2', Buffer.from('89504e470d0a1a0a00', 'hex'));
  expect(read({ BRAND_LOGO_FILE: svg }).brand.logo?.type).toBe('image/svg+xml');
  expect(read({ BRAND_LOGO_FILE: png }).brand.logo?.type).toBe('image/png');
});
