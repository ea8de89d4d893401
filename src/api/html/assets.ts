import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { App } from '../routes/shared';
import { hashOf, type Asset } from './brand';

const javaScript = 'text/javascript; charset=utf-8';

/** The files of `src/api/assets`, which the browser gets as they are. */
const own = {
  'base.css': 'text/css; charset=utf-8',
  'copy.js': javaScript,
  'countdown.js': javaScript,
  'desk.css': 'text/css; charset=utf-8',
  'desk.js': javaScript,
  'enroll.css': 'text/css; charset=utf-8',
  'enroll.js': javaScript,
  'forms.js': javaScript,
  'icon.svg': 'image/svg+xml',
  'live.js': javaScript,
  'number.js': javaScript,
  'texted-code.js': javaScript,
} as const;
export type AssetName = keyof typeof own | 'phone-numbers.js';

/**
 * The library that formats a phone number while it is typed, as its makers bundle it for browsers. The package exports no
 * address of that file, only of its package.json.
 */
const phoneNumbers = join(require.resolve('libphonenumber-js/package.json'), '../bundle/libphonenumber-min.js');

export interface Assets {
  /** The address of a file. It is made of the content of all of them, so a browser may keep a file for good. */
  pathOf(name: AssetName): string;
  readonly all: readonly Asset[];
}

/** Reads the files once. They lie beside the code, in `src` and in `dist`. */
export function readAssets(): Assets {
  const files = Object.entries({ ...own, 'phone-numbers.js': javaScript }).map(([name, type]) => ({
    name,
    type,
    bytes: readFileSync(name === 'phone-numbers.js' ? phoneNumbers : join(__dirname, '../assets', name)),
  }));
  // One hash for all: a script that imports another one by its name finds the one that it was written for.
  const version = hashOf(...files.map(({ bytes }) => bytes));
  const pathOf = (name: string) => `/assets/${version}/${name}`;
  return { pathOf, all: files.map(({ name, type, bytes }) => ({ path: pathOf(name), type, bytes })) };
}

/** Serves files under the addresses that the pages name. Whatever else is asked for below `/assets/` is not there. */
export function assetRoutes(app: App, assets: readonly Asset[]): void {
  for (const { path, type, bytes } of assets) {
    const packed = gzipSync(bytes);
    // Not limited: they stand in memory, and a page without its style is of no use to the many who share one address.
    app.get(path, { schema: { hide: true }, config: { rateLimit: false } }, (request, reply) => {
      const takesGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      void reply
        .type(type)
        .header('Cache-Control', 'public, max-age=31536000, immutable')
        .header('Vary', 'Accept-Encoding')
        // An image that is opened by itself runs nothing; one in a page does not in any case.
        .header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox");
      if (takesGzip) void reply.header('Content-Encoding', 'gzip');
      return reply.send(takesGzip ? packed : bytes);
    });
  }
}
