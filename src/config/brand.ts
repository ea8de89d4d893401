import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { defined } from '../enrollment/defined';
import type { ConfigReader } from './reader';

/** How the pages look and whom they name: `BRAND_*`. */
export interface BrandConfig {
  readonly name: string;
  readonly support?: string;
  readonly logo?: { readonly type: 'image/svg+xml' | 'image/png'; readonly bytes: Buffer };
  /** A style sheet that sets the variables of the brand and nothing else. */
  readonly style?: string;
}

/** The variables of the style sheet that a brand may set (docs/enrollment-page.md). */
export const brandVariables = [
  '--brand-accent',
  '--brand-on-accent',
  '--brand-accent-dark',
  '--brand-on-accent-dark',
  '--brand-font',
  '--brand-radius',
  '--brand-logo-height',
] as const;

const longestLogo = 256 * 1024;
const longestStyle = 64 * 1024;

const line = (most: number) =>
  z.string().regex(new RegExp(`^[^\\r\\n]{1,${most}}$`), `one line of at most ${most} characters`);
const filePath = z.string();

export function readBrand(reader: ConfigReader): BrandConfig {
  const logoPath = reader.optional('BRAND_LOGO_FILE', filePath);
  const stylePath = reader.optional('BRAND_STYLE_FILE', filePath);
  const logoBytes = bytesOf(reader, 'BRAND_LOGO_FILE', logoPath, longestLogo);
  const styleBytes = bytesOf(reader, 'BRAND_STYLE_FILE', stylePath, longestStyle);
  return Object.freeze({
    name: reader.withDefault('BRAND_NAME', line(60), 'Account security'),
    ...defined({
      support: reader.optional('BRAND_SUPPORT', line(200)),
      logo: logoBytes && logoOf(reader, logoBytes),
      style: styleBytes && styleOf(reader, styleBytes.toString('utf8')),
    }),
  });
}

function bytesOf(reader: ConfigReader, name: string, path: string | undefined, most: number): Buffer | undefined {
  if (path === undefined) return undefined;
  try {
    if (statSync(path).size <= most) return readFileSync(path);
    reader.fault(name, `a file of at most ${most / 1024} KiB`);
  } catch {
    reader.fault(name, 'the path of a file that this process may read');
  }
  return undefined;
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function logoOf(reader: ConfigReader, bytes: Buffer): BrandConfig['logo'] {
  if (bytes.subarray(0, 8).equals(pngSignature)) return { type: 'image/png', bytes };
  if (/^\s*(?:<\?xml[^>]*>\s*)?(?:<!--[^]*?-->\s*)*<svg[\s>]/.test(bytes.toString('utf8'))) {
    return { type: 'image/svg+xml', bytes };
  }
  reader.fault('BRAND_LOGO_FILE', 'an SVG or PNG image');
  return undefined;
}

/** Only the variables above are taken, each with a value that cannot end its declaration or fetch anything. */
function styleOf(reader: ConfigReader, css: string): string | undefined {
  const found = [...css.replace(/\/\*[^]*?\*\//g, '').matchAll(/(--[\w-]+)\s*:\s*([^;{}<>@\\]{1,200})\s*;/g)];
  const taken = found.filter(
    ([, name, value = '']) => brandVariables.some((known) => known === name) && !/url\s*\(/i.test(value),
  );
  if (taken.length === 0) {
    reader.fault('BRAND_STYLE_FILE', `a style sheet that sets at least one of ${brandVariables.join(', ')}`);
    return undefined;
  }
  return `:root {\n${taken.map(([, name = '', value = '']) => `  ${name}: ${value.trim()};\n`).join('')}}\n`;
}
