import { mkdirSync, readFileSync, renameSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from './cache.mjs';
import { findChromium } from './chromium.mjs';
import { installPackages } from './packages.mjs';
import { findPostgres, findTemporalServer } from './postgres.mjs';
import { findSchemathesis } from './schemathesis.mjs';
import { findStandardWebhooks } from './standardwebhooks.mjs';
import { NothingWorked } from './tries.mjs';
import { findTemporalCli, findTestServer } from './tools.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const known = new Set(['--tests', '--postgres', '--fuzz', '--no-server']);
const say = (line) => console.log(`setup: ${line}`);

/**
 * Runs the set-up: packages first, then the servers that `args` ask for, then `.run/tools.json`.
 *
 * `--tests` adds the time-skipping test server, a Chromium, the Python library of Standard Webhooks and, where there is a Python for it,
 * Schemathesis; `--postgres` Temporal's production server and PostgreSQL; `--fuzz` Schemathesis. `--no-server` stops after the packages.
 * Returns the exit code: 0, or 1 after one message that names what to install.
 */
export async function main(args, env) {
  const strange = args.find((arg) => !known.has(arg));
  if (strange !== undefined) {
    console.error(`setup: unknown option ${strange}; there are ${[...known].join(', ')}.`);
    return 1;
  }
  try {
    await installPackages(root, env, say);
    if (!args.includes('--no-server')) await findServers(new Set(args), env);
    return 0;
  } catch (error) {
    console.error(
      `setup: ${error instanceof NothingWorked || env.MFA_DEBUG === undefined ? error.message : error.stack}`,
    );
    return 1;
  }
}

async function findServers(args, env) {
  const [tests, postgres, fuzz] = ['--tests', '--postgres', '--fuzz'].map((option) => args.has(option));
  const context = { env, say, cache: cacheFolder(env) };
  const address = env.TEMPORAL_ADDRESS;
  const used = [];
  const temporal = {};
  if (address) {
    temporal.address = address;
    used.push(`the Temporal server at ${address} (TEMPORAL_ADDRESS)`);
  }
  // Tests start throw-away servers of their own, whatever server the stack uses; so does the stack on PostgreSQL.
  if (!address || tests || postgres) {
    const cli = await findTemporalCli(context);
    temporal.path = cli.path;
    used.push(`Temporal CLI ${cli.path} (${cli.way})`);
  }
  const found = { temporal };
  if (tests) {
    const server = await findTestServer(context);
    found.testServer = { path: server.path };
    used.push(`test server ${server.path} (${server.way})`);
    const chromium = await findChromium(context);
    found.chromium = { path: chromium.path };
    used.push(`Chromium ${chromium.path} (${chromium.way})`);
    const standardWebhooks = await findStandardWebhooks(context);
    found.standardWebhooks = { path: standardWebhooks.path };
    used.push(`Standard Webhooks for Python ${standardWebhooks.path} (${standardWebhooks.way})`);
  }
  if (postgres) {
    // What the user may have to install comes before what takes minutes to build.
    const database = await findPostgres(context);
    found.postgres = { path: database.path };
    used.push(`PostgreSQL ${database.path} (${database.way})`);
    const server = await findTemporalServer(context);
    found.temporalServer = { path: server.path };
    used.push(`Temporal server ${server.path} (${server.way})`);
  }
  if (fuzz || tests) {
    const schemathesis = await findSchemathesis(context).catch((error) => {
      // One test needs it, and says so; the others go without a Python.
      if (fuzz || !(error instanceof NothingWorked)) throw error;
      say(error.message);
    });
    if (schemathesis !== undefined) {
      found.schemathesis = { path: schemathesis.path };
      used.push(`Schemathesis ${schemathesis.path} (${schemathesis.way})`);
    }
  }
  writeTools(found);
  say(`using ${used.join(', ')}`);
}

/** A run without --tests, --postgres or --fuzz keeps what an earlier one with it has found: all may be at work on one checkout. */
function writeTools(found) {
  const folder = join(root, '.run');
  const file = join(folder, 'tools.json');
  let tools = found;
  try {
    const earlier = JSON.parse(readFileSync(file, 'utf8'));
    const kept = ['testServer', 'chromium', 'standardWebhooks', 'postgres', 'temporalServer', 'schemathesis'].filter(
      (tool) => existsSync(earlier[tool]?.path ?? ''),
    );
    tools = { ...Object.fromEntries(kept.map((tool) => [tool, earlier[tool]])), ...found };
  } catch {
    // None yet, or not readable: written anew.
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(tools, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, file);
}
