import { runMain } from '../src/run-main';
import { openBrowser } from './page/browser';
import { photographEnrollmentPage } from './screenshots/enrollment-page';
import { photographTemporalUi } from './screenshots/temporal-ui';

const parts = { 'enrollment-page': photographEnrollmentPage, 'temporal-ui': photographTemporalUi };

/** `npm run screenshots`: makes the pictures of docs/ from real enrollments. `-- temporal-ui`, `-- enrollment-page`: those alone. */
async function main(): Promise<void> {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !(name in parts));
  if (unknown.length > 0)
    throw new Error(`Unknown: ${unknown.join(', ')}. Expected: ${Object.keys(parts).join(', ')}.`);
  const browser = await openBrowser();
  try {
    for (const [name, photograph] of Object.entries(parts)) {
      if (named.length === 0 || named.includes(name)) await photograph(browser);
    }
  } finally {
    await browser.close();
  }
}

void runMain(main);
