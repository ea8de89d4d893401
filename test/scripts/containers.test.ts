import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { foreignImages, nodeImageOf, overrides, readCompose, startOrder } from '../../scripts/containers/compose-file';
import { createPodman } from '../../scripts/containers/podman';

const root = join(__dirname, '../..');
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const compose = readCompose(text);
const nodeImage = nodeImageOf(readFileSync(join(root, 'Dockerfile'), 'utf8'));

describe('npm run containers', () => {
  test('starts every service of docker-compose.yml, each after what it depends on', () => {
    const order = startOrder(compose);
    expect([...order].sort()).toEqual(Object.keys(compose.services).sort());
    for (const [name, { depends_on: dependencies }] of Object.entries(compose.services))
      for (const other of Object.keys(dependencies)) expect(order.indexOf(other)).toBeLessThan(order.indexOf(name));
  });

  test.each([
    [
      'wait for each other',
      'postgres: { condition: service_healthy }',
      'temporal: { condition: service_healthy }',
      'wait for each other',
    ],
    [
      'wait for one that is not there',
      'temporal: { condition: service_healthy }',
      'temporel: { condition: service_healthy }',
      'no service temporel',
    ],
  ])('refuses services that %s', (_what, good, bad, message) => {
    expect(() => startOrder(readCompose(text.replace(good, bad)))).toThrow(message);
  });

  test('asks for each image of a registry once, and for none of ours', () => {
    expect(foreignImages(compose, nodeImage).map((image) => image.replace(/:.*/, ''))).toEqual([
      'node',
      'postgres',
      'temporalio/admin-tools',
      'temporalio/server',
      'temporalio/ui',
    ]);
  });

  test('puts stand-ins in the place of images, and secrets of its own in the place of those of the checkout', () => {
    const images = new Map(
      foreignImages(compose, nodeImage).map((image) => [image, `stand-in/${image.replace(/[:@].*/, '')}`]),
    );
    const used = readCompose(overrides(compose, images, nodeImage, '/of/the/run'));
    expect(used.services['temporal-ui']).toMatchObject({ image: 'stand-in/temporalio/ui' });
    expect(used.services['api']?.build).toMatchObject({ args: { NODE_IMAGE: 'stand-in/node' } });
    expect(Object.keys(used.secrets)).toEqual(Object.keys(compose.secrets));
    expect(used.secrets['id_key']).toEqual({ file: '/of/the/run/id_key' });
  });

  test('names a program that is missing, and where it is said what is needed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'mfa-containers-'));
    const path = process.env['PATH'];
    process.env['PATH'] = folder;
    try {
      const { compose: run } = createPodman(folder, {
        ...{ name: 'none', folder, files: [], envFile: 'none', profile: 'none' },
      });
      await expect(run(['up'])).rejects.toThrow('podman-compose is not on PATH: see docs/containers.md');
    } finally {
      process.env['PATH'] = path;
      rmSync(folder, { recursive: true });
    }
  });
});
