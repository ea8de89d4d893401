import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A headless Chromium: `CHROMIUM_PATH`, else the first of the usual names on PATH. Throws when there is none. */
export async function launchChromium(): Promise<Browser> {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const onPath = names.flatMap((name) => folders.map((folder) => join(folder, name)));
  const executablePath = [process.env['CHROMIUM_PATH'] ?? '', ...onPath].find(
    (path) => path !== '' && existsSync(path),
  );
  if (executablePath === undefined)
    throw new Error(`No Chromium found: set CHROMIUM_PATH, or put one of ${names.join(', ')} on PATH`);
  // Its sandbox needs rights that root and most containers do not have; it opens pages of this machine only.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}
