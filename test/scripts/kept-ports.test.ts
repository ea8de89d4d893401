import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { keptPorts } from '../../scripts/stack/kept-ports';
import { freePorts } from '../../scripts/stack/ports';

const folder = mkdtempSync(join(tmpdir(), 'ports-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a stack from before a part was added keeps its ports, and the new part gets one', async () => {
  const file = join(folder, 'ports.json');
  const { apiHealth: _apiHealth, ...before } = await freePorts();
  writeFileSync(file, JSON.stringify(before));
  expect(await keptPorts(file)).toEqual({ ...before, apiHealth: expect.any(Number) });
});
