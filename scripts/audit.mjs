// What the package registry knows about the packages in the lockfile. Plain Node without dependencies, like set-up.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { npmCommand } from './setup/packages.mjs';

const cwd = join(import.meta.dirname, '..');
const [command, ...first] = npmCommand(process.env);

/**
 * Asks one question; gives npm's answer, or undefined when the registry, or what vouches for its keys, gives none: a mirror
 * without these services, or no network. That is said and is no failure.
 */
function ask(what, args, isAnswer) {
  const { stdout } = spawnSync(command, [...first, ...args, '--json'], { cwd, encoding: 'utf8', timeout: 120_000 });
  try {
    const answer = JSON.parse(stdout);
    if (isAnswer(answer)) return answer;
    console.log(`audit: ${what}: not checked, ${answer.message ?? answer.error?.summary ?? 'no answer'}`);
  } catch {
    console.log(`audit: ${what}: not checked, no answer`);
  }
  return undefined;
}

const fail = (line) => {
  console.log(`audit: ${line}`);
  process.exitCode = 1;
};

const known = ask('known weaknesses', ['audit', '--omit=dev'], ({ vulnerabilities }) => vulnerabilities !== undefined);
if (known !== undefined) {
  const found = Object.values(known.vulnerabilities);
  for (const { name, severity, range } of found) fail(`${name} ${range}: ${severity}`);
  if (found.length === 0) console.log('audit: no known weakness in what production installs');
}

const signed = ask('signatures', ['audit', 'signatures'], ({ invalid }) => Array.isArray(invalid));
if (signed !== undefined) {
  const bad = ['invalid', 'missing'].flatMap((how) => (signed[how] ?? []).map((each) => ({ how, ...each })));
  for (const { how, name, version } of bad) fail(`${name} ${version}: signature ${how}`);
  if (bad.length === 0) console.log('audit: every installed package has the signature of its registry');
}
