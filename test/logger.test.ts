import { expect, test } from '@jest/globals';
import { createLogger } from '../src/logger';
import { temporalLogger } from '../src/worker/temporal-logger';

function logging(level = 'info') {
  const lines: string[] = [];
  const logger = createLogger('mfa-worker', level, { write: (line: string) => void lines.push(line) });
  return { logger, lines, logged: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test.each(['mfa-worker', 'mfa-api', 'mfa-codec-server'] as const)('a line of %s is JSON and names it', (service) => {
  const lines: string[] = [];
  createLogger(service, 'info', { write: (line: string) => void lines.push(line) }).info({ result: 'up' }, 'it runs');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ service, level: 30, msg: 'it runs', result: 'up' });
});

test('what nobody has allowed is redacted, however deep it stands', () => {
  const { logger, logged } = logging();
  logger.info({ body: { code: '123456', token: { accessToken: 'x' } }, enrollment: 'enr_1' }, 'm');
  expect(logged()).toEqual([
    expect.objectContaining({
      body: { code: '[redacted]', token: { accessToken: '[redacted]' } },
      enrollment: 'enr_1',
    }),
  ]);
});

test('an error is logged with its code, its stack and its causes, and with nothing else that hangs on it', () => {
  const { logger, lines, logged } = logging();
  const inner = Object.assign(new Error('connect failed'), {
    code: 'ECONNREFUSED',
    request: { accessToken: 'hidden' },
  });
  logger.error({ err: new Error('the tenant cannot be reached, says +14155550123', { cause: inner }) }, 'call failed');
  expect(logged()[0]?.['err']).toEqual({
    type: 'Error',
    message: 'the tenant cannot be reached, says [redacted]',
    stack: expect.stringMatching(
      /^Error: the tenant .*\n {4}at .*\nCaused by: Error \[ECONNREFUSED\]: connect failed\n {4}at /s,
    ),
  });
  expect(lines.join()).not.toMatch(/hidden|4155550123/);
});

test('what Temporal’s SDK logs goes into the same log, at the same level', () => {
  const { logger, logged } = logging('trace');
  const temporal = temporalLogger(logger);
  for (const level of ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] as const) temporal.log(level, level);
  temporal.trace('trace');
  temporal.debug('debug');
  temporal.info('info', { sdkComponent: 'worker', taskQueue: 'mfa-enrollment', workflowId: 'mfa-enrollment-abc' });
  temporal.warn('warn', { error: new TypeError('no such thing') });
  temporal.error('error', { error: 'told by the core', [Symbol.for('log_timestamp')]: 1n });
  const levels = [10, 20, 30, 40, 50];
  expect(logged().map(({ level }) => level)).toEqual([...levels, ...levels]);
  expect(logged().slice(7)).toEqual([
    expect.objectContaining({ sdkComponent: 'worker', taskQueue: 'mfa-enrollment', workflowId: 'mfa-enrollment-abc' }),
    expect.objectContaining({ err: expect.objectContaining({ type: 'TypeError', message: 'no such thing' }) }),
    expect.objectContaining({ error: 'told by the core' }),
  ]);
});

test.each(['warn', 'silent'])('at level %s less urgent lines are left out', (level) => {
  const { logger, lines } = logging(level);
  temporalLogger(logger).info('too much');
  expect(lines).toEqual([]);
});
