import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { createReadiness } from '../../src/temporal/readiness';
import { missingSearchAttributes, registerSearchAttributes } from '../../src/temporal/register-search-attributes';
import { temporalCliPath } from '../support/tools';

const namespace = 'default';
let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: temporalCliPath() } },
  });
});
afterAll(() => env?.teardown());

/** A registration reaches the query parser a moment later. */
async function untilReady(ready: () => Promise<void>): Promise<void> {
  for (let tries = 200; ; tries -= 1) {
    try {
      return await ready();
    } catch (error) {
      if (tries === 0) throw error;
      await sleep(100);
    }
  }
}

test('API and worker are not ready on a namespace that is not set up, say why, and are ready once it is', async () => {
  const names = ['MfaState', 'MfaFactor', 'MfaDeadline', 'MfaWaitingFor', 'MfaOwner', 'MfaPhoneNumber'];
  const connections = [env.connection, env.nativeConnection]; // of the API, of the worker
  const checks = connections.map((connection) => createReadiness(connection, namespace));
  for (const connection of connections) {
    expect((await missingSearchAttributes(connection, namespace)).sort()).toEqual([...names].sort());
  }
  for (const ready of checks) {
    await expect(ready()).rejects.toMatchObject({
      name: 'NotReady',
      message: expect.stringMatching(
        /^Namespace default lacks the search attributes \S+, .*Run "mfa setup-namespace"\.$/,
      ),
    });
  }
  await registerSearchAttributes(env.connection, namespace);
  for (const ready of checks) await untilReady(ready);
});
