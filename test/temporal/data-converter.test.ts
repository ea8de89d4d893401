import { createSecretKey, randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import {
  decodeOptionalFailureToOptionalError,
  encodeErrorToFailure,
  loadDataConverter,
} from '@temporalio/common/lib/internal-non-workflow';
import { bundleWorkflowCode } from '@temporalio/worker';
import {
  createDataConverter,
  createWorkerDataConverter,
  workflowConverterPaths,
} from '../../src/temporal/data-converter';
import { payloadConverter } from '../../src/temporal/payload-converter';

const ring = { activeKeyId: 'k1', keys: new Map([['k1', createSecretKey(randomBytes(32))]]) };
const workflowContext = { type: 'workflow', namespace: 'default', workflowId: 'w' } as const;
const activityContext = { type: 'activity', namespace: 'default', isLocal: false } as const;

test('a failure shows its type and nothing else to whoever has no key', async () => {
  const converter = loadDataConverter(createDataConverter(ring));
  const failure = await encodeErrorToFailure(
    converter,
    ApplicationFailure.create({ type: 'configuration', message: 'the grant is off' }),
    workflowContext,
  );
  expect(failure.applicationFailureInfo?.type).toBe('configuration');
  expect(failure.message).toBe('Encoded failure');
  expect(failure.stackTrace).toBe('');
  expect(JSON.stringify(failure)).not.toContain('grant');
  const error = await decodeOptionalFailureToOptionalError(converter, failure, workflowContext);
  expect(error?.message).toBe('the grant is off');
});

describe('what a worker cannot read', () => {
  test.each([
    ['of an encoding nobody knows', { metadata: { encoding: Buffer.from('json/protobuf') }, data: Buffer.from('{}') }],
    ['of broken JSON', { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"code":') }],
    ['without metadata', { data: Buffer.from('1') }],
  ])('a message %s reads as undefined, so that it cannot stop its workflow', (_what, payload) => {
    expect(payloadConverter.fromPayload(payload, workflowContext)).toBeUndefined();
  });

  test('an activity result is a fault, and stays one', () => {
    const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{') };
    expect(() => payloadConverter.fromPayload(payload, activityContext)).toThrow();
  });
});

test('a client takes no undefined for an answer it cannot read', () => {
  expect(createDataConverter(ring)).not.toHaveProperty('payloadConverterPath');
});

test('the converters load where the compiler has not run', async () => {
  const script = `
    const { createWorkerDataConverter } = require('./src/temporal/data-converter');
    const { loadDataConverter } = require('@temporalio/common/lib/internal-non-workflow');
    const key = require('node:crypto').createSecretKey(Buffer.alloc(32, 1));
    loadDataConverter(createWorkerDataConverter({ activeKeyId: 'k', keys: new Map([['k', key]]) }));
    console.log('loaded');`;
  const tsx = require.resolve('tsx/cli');
  const { stdout } = await promisify(execFile)(process.execPath, [tsx, '--eval', script], {
    cwd: join(__dirname, '../..'),
  });
  expect(stdout.trim()).toBe('loaded');
});

test('both converters go into a workflow bundle', async () => {
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve('./support/waiting-workflow'),
    ...workflowConverterPaths,
  });
  expect(code).toContain('encodeCommonAttributes: true');
  expect(code).toContain('temporal/payload-converter');
});

test('a worker is given what the bundle is given', () => {
  expect(loadDataConverter(createWorkerDataConverter(ring)).payloadCodecs).toHaveLength(1);
  expect(createWorkerDataConverter(ring)).toMatchObject(workflowConverterPaths);
});
