import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The build id of this installation, as `npm run build` has left it in `dist/build-id`: the version of the package and the first 12 hex digits
 * of the SHA-256 of the workflow bundle. So it changes with every release and with every change of workflow code, and with nothing else.
 * `undefined` for what runs from its sources.
 */
export function ownBuildId(): string | undefined {
  try {
    return readFileSync(join(__dirname, '../build-id'), 'utf8').trim(); // dist/build-id, from dist/src
  } catch {
    return undefined;
  }
}
