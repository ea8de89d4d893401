import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { version } from '../../src/version';

const root = join(__dirname, '../..');
let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'mfa-supply-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program on PATH that is this shell script. */
function program(name: string, script: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}
const runScript = (script: string, ...args: readonly string[]) => {
  const { stdout, status } = spawnSync(process.execPath, [join(root, 'scripts', script), ...args], {
    encoding: 'utf8',
    // No npm names itself here: the script finds the one on PATH.
    env: { PATH: `${folder}:/bin:/usr/bin`, HOME: folder },
  });
  return { lines: stdout.trim().split('\n'), status };
};

describe('npm run images', () => {
  const nodeImage = /^ARG NODE_IMAGE=(.*)@(sha256:\w+)$/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8')) ?? [];
  const [, tag = '', digest = ''] = nodeImage;

  test('accepts the images as they are', () => {
    expect(runScript('images.mjs').status).toBe(0);
  });

  test('fails for an image without a digest, and names it', () => {
    copyFileSync(join(root, 'Dockerfile'), join(folder, 'Dockerfile'));
    const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
    writeFileSync(join(folder, 'docker-compose.yml'), compose.replace(/(image: postgres:\S+)@\S+/, '$1'));
    const { lines, status } = runScript('images.mjs', folder);
    expect(status).toBe(1);
    expect(lines.filter((line) => line.includes('has no digest'))).toEqual([expect.stringContaining('postgres:16')]);
  });

  test('says when a tag names something else by now, which is no failure', () => {
    program('crane', `case "$2" in ${tag}) echo sha256:other;; *) echo ${digest};; esac`);
    const { lines, status } = runScript('images.mjs');
    expect([status, lines]).toEqual([0, expect.arrayContaining([`images: ${tag}: the tag now names sha256:other`])]);
  });

  test('fails when the registry does not have the pinned content', () => {
    program('crane', 'case "$2" in *@*) echo "no such manifest" >&2; exit 1;; esac');
    const { lines, status } = runScript('images.mjs');
    expect([status, lines[0]]).toEqual([1, `images: ${tag}: no such manifest`]);
  });
});

describe('npm run audit', () => {
  const answers = (weaknesses: string, signatures: string) =>
    program('npm', `case "$*" in *signatures*) echo '${signatures}';; *) echo '${weaknesses}';; esac`);
  const none = '{"vulnerabilities":{}}';
  const signed = '{"invalid":[],"missing":[]}';

  test('says what was not checked where the registry gives no answer, and does not fail', () => {
    answers('{"message":"405 Method Not Allowed"}', '{"error":{"summary":"no network"}}');
    expect(runScript('audit.mjs')).toEqual({
      lines: [
        'audit: known weaknesses: not checked, 405 Method Not Allowed',
        'audit: signatures: not checked, no network',
      ],
      status: 0,
    });
  });

  test.each([
    ['a known weakness', '{"vulnerabilities":{"a":{"name":"a","severity":"high","range":"<2"}}}', signed, 'a <2: high'],
    [
      'a wrong signature',
      none,
      '{"invalid":[{"name":"b","version":"1.0.0"}],"missing":[]}',
      'b 1.0.0: signature invalid',
    ],
  ])('fails for %s', (_what, weaknesses, signatures, line) => {
    answers(weaknesses, signatures);
    const { lines, status } = runScript('audit.mjs');
    expect([status, lines]).toEqual([1, expect.arrayContaining([`audit: ${line}`])]);
  });

  test('says that nothing was found', () => {
    answers(none, signed);
    expect(runScript('audit.mjs').status).toBe(0);
  });
});

test('npm run sbom lists every package that production installs, with its hash, and no other', () => {
  execFileSync(process.execPath, [join(root, 'scripts/sbom.mjs')]);
  const component = z.object({ 'bom-ref': z.string(), hashes: z.array(z.object({ alg: z.string() })).min(1) });
  const { components } = z
    .object({ components: z.array(component) })
    .parse(JSON.parse(readFileSync(join(root, 'reports/sbom.cdx.json'), 'utf8')));
  const lockfile = z.object({
    packages: z.record(
      z.string(),
      z.object({ version: z.string().optional(), dev: z.boolean().optional(), devOptional: z.boolean().optional() }),
    ),
  });
  const { packages } = lockfile.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')));
  const installed = Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .map(([path, { version = '' }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`);
  expect(components.map((each) => each['bom-ref']).sort()).toEqual([...new Set(installed)].sort());
});

describe('npm run release:check', () => {
  const files = [
    'package.json',
    'package-lock.json',
    'docker-compose.yml',
    'packages/client/package.json',
    'deploy/kubernetes/overlays/production/kustomization.yaml',
  ];
  const changelog = `# Changelog\n\n## [Unreleased]\n\n## [${version}] - 2026-12-01\n\n### Added\n\n- All of it.\n\n## [0.0.1] - 2026-01-01\n\n- Less.\n`;
  const check = (tag: string, changes: Readonly<Record<string, (text: string) => string>> = {}) => {
    for (const file of [...files, 'CHANGELOG.md']) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      const text = file === 'CHANGELOG.md' ? changelog : readFileSync(join(root, file), 'utf8');
      writeFileSync(join(folder, file), (changes[file] ?? ((same) => same))(text));
    }
    const env = { PATH: process.env['PATH'], RELEASE_ROOT: folder };
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(root, 'scripts/release.mjs'), tag], {
      encoding: 'utf8',
      env,
    });
    return { stdout, faults: stderr.trim(), status };
  };

  test('prints what the changelog says about the version, when everything names it', () => {
    expect(check(`v${version}`)).toEqual({ stdout: '### Added\n\n- All of it.\n', faults: '', status: 0 });
  });

  test.each([
    ['the tag is of another version', 'v9.9.9', {}, 'the tag v9.9.9: 9.9.9'],
    ...files
      .slice(1)
      .map((file): [string, string, Readonly<Record<string, (text: string) => string>>, string] => [
        `${file} names another one`,
        `v${version}`,
        { [file]: (text) => text.replaceAll(version, '9.9.9') },
        file,
      ]),
    [
      'the changelog has no section for it',
      `v${version}`,
      { 'CHANGELOG.md': (text: string) => text.replace(`[${version}]`, '[9.9.9]') },
      `CHANGELOG.md: no section "## [${version}]`,
    ],
    [
      'that section has no date',
      `v${version}`,
      { 'CHANGELOG.md': (text: string) => text.replace(' - 2026-12-01', '') },
      `CHANGELOG.md: [${version}] has no date`,
    ],
  ] as const)('fails when %s', (_what, tag, changes, fault) => {
    const { faults, status } = check(tag, changes);
    expect([status, faults]).toEqual([1, expect.stringContaining(fault)]);
  });
});
