import { createHash } from 'node:crypto';
import type { BrandConfig } from '../../config/brand';

/** What the pages carry of whoever runs them. */
export interface Brand {
  /** Stands on top of every page and in its title. */
  readonly name: string;
  /** One sentence or address: to whom a user turns. */
  readonly support?: string;
  /** Address of the logo. */
  readonly logo?: string;
  /** Address of the style sheet with the brand's variables. */
  readonly style?: string;
}

/** A file that every page may name: it never changes under its address. */
export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** The brand's own files, under addresses that are made of their content. */
export function brandOf({ name, support, logo, style }: BrandConfig): { brand: Brand; assets: readonly Asset[] } {
  const logoAsset = logo && assetOf(logo.type === 'image/svg+xml' ? 'logo.svg' : 'logo.png', logo.type, logo.bytes);
  const styleAsset =
    style === undefined ? undefined : assetOf('brand.css', 'text/css; charset=utf-8', Buffer.from(style));
  return {
    brand: {
      name,
      ...(support === undefined ? {} : { support }),
      ...(logoAsset === undefined ? {} : { logo: logoAsset.path }),
      ...(styleAsset === undefined ? {} : { style: styleAsset.path }),
    },
    assets: [logoAsset, styleAsset].filter((asset) => asset !== undefined),
  };
}

export const assetOf = (name: string, type: string, bytes: Buffer): Asset => ({
  path: `/assets/${hashOf(bytes)}/${name}`,
  type,
  bytes,
});

export const hashOf = (...parts: readonly Buffer[]): string =>
  parts
    .reduce((hash, part) => hash.update(part), createHash('sha256'))
    .digest('base64url')
    .slice(0, 16);
