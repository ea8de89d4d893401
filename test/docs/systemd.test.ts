import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { shutdownGraceMs } from '../../src/worker/create';
import { variablesReadBy, type roles } from '../support/variables';
import { read } from './markdown';

type Role = (typeof roles)[number];
const units: readonly (readonly [file: string, role: Role, entry: string])[] = [
  ['mfa-worker.service', 'worker', 'src/worker.ts'],
  ['mfa-api.service', 'api', 'src/api/main.ts'],
  ['mfa-codec-server.service', 'codec-server', 'src/codec-server/main.ts'],
];

/** `Name=value` lines, in order. */
const settings = (path: string): (readonly [name: string, value: string])[] =>
  read(path)
    .split('\n')
    .filter((line) => /^\w+=/.test(line))
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);

const inEnv = settings('deploy/systemd/mfa.env');
/** The files that make-secrets.sh makes. */
const secretFiles = [...read('deploy/make-secrets.sh').matchAll(/^if absent (\w+); then/gm)].map(([, name]) => name);

describe.each(units)('%s', (file, role, entry) => {
  const unit = settings(`deploy/systemd/${file}`);
  const valuesOf = (name: string) => unit.filter(([each]) => each === name).map(([, value]) => value);
  const credentials = valuesOf('LoadCredential').map((value) => value.split(':'));

  test('starts what the build makes of this entry point', () => {
    expect(valuesOf('ExecStart')).toEqual([`/usr/bin/node dist/${entry.replace(/\.ts$/, '.js')}`]);
    expect(read(entry)).not.toBe('');
  });

  test('brings secrets as files that make-secrets.sh makes, under variables that the process reads', () => {
    for (const [name, path] of credentials) {
      expect(secretFiles).toContain(name);
      expect(path).toBe(`/etc/mfa-enrollment/secrets/${name}`);
    }
    const variables = valuesOf('Environment').map((value) => value.split('='));
    expect(variables.map(([name, value]) => [name, value])).toEqual(
      credentials.map(([name = '']) => [`${name.toUpperCase()}_FILE`, `%d/${name}`]),
    );
    const known = variablesReadBy(role);
    expect(variables.filter(([name = '']) => !known.has(name))).toEqual([]);
  });

  test('is given every secret that the process needs in production', () => {
    const known = variablesReadBy(role);
    const secrets = [...known].filter((name) => name.endsWith('_FILE')).map((name) => name.replace(/_FILE$/, ''));
    const made = secretFiles.map((name = '') => name.toUpperCase());
    const brought = credentials.map(([name = '']) => name.toUpperCase());
    expect(brought.sort()).toEqual(secrets.filter((name) => made.includes(name)).sort());
  });

  test('comes up again by itself, and has the time to end in order', () => {
    expect(valuesOf('Restart')).toEqual(['always']);
    const [seconds] = valuesOf('TimeoutStopSec').map(Number);
    expect(seconds).toBeGreaterThan(role === 'worker' ? (shutdownGraceMs / 1000) * 2 : 15);
  });

  test('is locked up as tightly as the others', () => {
    const restraints = (path: string) =>
      read(path)
        .split('\n')
        .filter((line) => /^(Protect|Private|Restrict|System|NoNew|Cap|Ambient|Lock|Dynamic|UMask)/.test(line));
    expect(restraints(`deploy/systemd/${file}`)).toEqual(restraints('deploy/systemd/mfa-worker.service'));
    for (const needed of ['DynamicUser=yes', 'ProtectSystem=strict', 'NoNewPrivileges=yes', 'CapabilityBoundingSet='])
      expect(restraints(`deploy/systemd/${file}`)).toContain(needed);
  });

  test('has no directive that systemd does not know, where systemd is at hand', () => {
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', `deploy/systemd/${file}`], {
      encoding: 'utf8',
    });
    // Without systemd there is nobody to ask; a program or folder that this machine lacks is no fault of the unit.
    const complaints = verified.error === undefined ? verified.stderr : '';
    expect(complaints.split('\n').filter((line) => /Unknown|Invalid|Failed to parse/.test(line))).toEqual([]);
  });
});

test('every variable of mfa.env is read by one of the three, and none is a secret', () => {
  const known = units.flatMap(([, role]) => [...variablesReadBy(role)]);
  expect(inEnv.filter(([name]) => !known.includes(name))).toEqual([]);
  expect(inEnv.filter(([name]) => known.includes(`${name}_FILE`))).toEqual([]);
});

test('the ports of the proxies are those of mfa.env', () => {
  const ports = new Map(inEnv);
  for (const file of ['deploy/proxy/nginx.conf', 'deploy/proxy/Caddyfile']) {
    const upstreams = [...read(file).matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => port);
    expect(upstreams).toEqual([ports.get('API_PORT'), ports.get('CODEC_PORT')]);
  }
});
