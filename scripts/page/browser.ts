import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';
import { z } from 'zod';

const root = join(__dirname, '../..');
const tools = z.object({ chromium: z.object({ path: z.string() }) });

/**
 * A Chromium for people to watch where there is a display, else one without a window. Set-up looks for it, if it has not yet;
 * the one that it fetches has no window.
 */
export async function openBrowser(): Promise<Browser> {
  const executablePath = chromiumPath();
  const args = ['--no-sandbox', '--disable-dev-shm-usage']; // it opens pages of this machine only
  const hasDisplay =
    ['darwin', 'win32'].includes(process.platform) || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
  if (hasDisplay) {
    try {
      return await chromium.launch({ executablePath, args, headless: false, slowMo: 400 });
    } catch {
      // It has no window: then without.
    }
  }
  return chromium.launch({ executablePath, args });
}

function chromiumPath(): string {
  const known = () => tools.safeParse(readTools());
  let found = known();
  if (!found.success) {
    execFileSync(process.execPath, ['scripts/setup.mjs', '--tests'], { cwd: root, stdio: 'inherit' });
    found = known();
  }
  if (!found.success) throw new Error('No Chromium is set up. Run "npm run setup", or set CHROMIUM_PATH.');
  return found.data.chromium.path;
}

function readTools(): unknown {
  try {
    return JSON.parse(readFileSync(join(root, '.run/tools.json'), 'utf8'));
  } catch {
    return undefined; // set-up has not run
  }
}
