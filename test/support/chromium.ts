import { chromium, type Browser } from 'playwright-core';
import { chromiumPath } from './tools';

/** The headless Chromium that set-up has found. `args`: more of its switches. Throws when set-up has not run. */
export const launchChromium = (args: readonly string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath(),
    // Its sandbox needs rights that root and most containers do not have; it opens pages of this machine only.
    args: ['--no-sandbox', '--disable-dev-shm-usage', ...args],
  });
