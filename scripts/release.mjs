// Checks that everything names one version, and prints what CHANGELOG.md says about it: `node scripts/release.mjs [vX.Y.Z]`, with the tag of the
// release. Plain Node without dependencies, like set-up. RELEASE_ROOT names another folder than this repository.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = process.env.RELEASE_ROOT ?? join(import.meta.dirname, '..');
const read = (file) => readFileSync(join(root, file), 'utf8');
const { version } = JSON.parse(read('package.json'));
const faults = [];
const expectVersion = (where, found) => {
  if (found !== version) faults.push(`${where}: ${found ?? 'no version'}, and package.json has ${version}`);
};

const [tag] = process.argv.slice(2);
if (tag !== undefined) expectVersion(`the tag ${tag}`, tag.replace(/^v/, ''));
expectVersion('package-lock.json', JSON.parse(read('package-lock.json')).version);
expectVersion('packages/client/package.json', JSON.parse(read('packages/client/package.json')).version);
for (const [, image, found] of read('docker-compose.yml').matchAll(/^ +image: (mfa-enrollment[\w-]*):(\S+)$/gm))
  expectVersion(`docker-compose.yml, ${image}`, found);
const overlay = 'deploy/kubernetes/overlays/production/kustomization.yaml';
expectVersion(overlay, /^ +newTag: (\S+)$/m.exec(read(overlay))?.[1]);

// From the heading of the version to the next one.
const sections = read('CHANGELOG.md').split(/^(?=## \[)/m);
const notes = sections.find((section) => section.startsWith(`## [${version}]`));
if (notes === undefined) faults.push(`CHANGELOG.md: no section "## [${version}] - YYYY-MM-DD"`);
else if (!/^## \[[^\]]+\] - \d{4}-\d\d-\d\d$/m.test(notes)) faults.push(`CHANGELOG.md: [${version}] has no date`);

if (faults.length > 0) {
  for (const fault of faults) console.error(`release: ${fault}`);
  process.exitCode = 1;
} else {
  console.log(notes.split('\n').slice(1).join('\n').trim());
}
