// Writes reports/sbom.cdx.json: what production installs, by the lockfile (CycloneDX). Plain Node without dependencies.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmCommand } from './setup/packages.mjs';

const cwd = join(import.meta.dirname, '..');

/**
 * The packages of npm's own list that `npm ci --omit=dev` installs. npm's `--omit=dev` is not used for the list: it also leaves
 * out packages that production installs, whenever a development package needs them too (npm 11.19).
 */
function ofProduction(bom, { packages }) {
  const installed = new Set(
    Object.entries(packages)
      .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
      .map(([path, { name, version }]) => `${name ?? path.replace(/^.*node_modules\//, '')}@${version}`),
  );
  const components = bom.components.filter(({ 'bom-ref': ref }) => installed.has(ref));
  const kept = new Set([bom.metadata.component, ...components].map((component) => component['bom-ref']));
  const dependencies = bom.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((other) => kept.has(other)) }));
  return { ...bom, components, dependencies };
}

const [command, ...first] = npmCommand(process.env);
const args = [...first, 'sbom', '--sbom-format=cyclonedx', '--package-lock-only'];
const { stdout, stderr, status } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20 });
if (status === 0) {
  const lockfile = JSON.parse(readFileSync(join(cwd, 'package-lock.json'), 'utf8'));
  const bom = ofProduction(JSON.parse(stdout), lockfile);
  const folder = join(cwd, 'reports');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'sbom.cdx.json'), `${JSON.stringify(bom, null, 2)}\n`);
  console.log(`sbom: reports/sbom.cdx.json holds ${bom.components.length} packages`);
} else {
  console.error(`sbom: ${stderr.trim()}`);
  process.exitCode = 1;
}
