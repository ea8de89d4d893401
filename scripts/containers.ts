import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runMain } from '../src/run-main';
import { runContainers } from './containers/run';
import { createNarrator } from './demo/narrator';
import { interruption } from './stack/interruption';

/**
 * `npm run containers [-- --keep] [-- --no-build]`: builds the images, starts docker-compose.yml with the emulator in podman, enrolls one user through
 * the containers while worker and API are killed, and takes everything down again. An image that cannot be pulled gets a stand-in.
 * Needs podman 4.3 or newer and podman-compose 1.6; for stand-ins debootstrap and Go, and root.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { keep: { type: 'boolean', default: false }, 'no-build': { type: 'boolean', default: false } },
  });
  await runContainers({
    root: join(__dirname, '..'),
    narrator: createNarrator(),
    interrupted: interruption(),
    keep: values.keep,
    build: !values['no-build'],
  });
}

void runMain(main);
