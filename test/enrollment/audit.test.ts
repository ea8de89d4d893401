import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { auditOf, type AuditLine } from '../../src/enrollment/audit';
import { receive } from '../../src/enrollment/case';
import type { Command } from '../../src/enrollment/commands';
import { decide } from '../../src/enrollment/decide';
import { learn } from '../../src/enrollment/learn';
import { defined } from '../../src/enrollment/defined';
import { shownInLogs, shownMembers } from '../../src/shown-members';
import {
  createWorld,
  now,
  other,
  otherNumber,
  own,
  phoneNumber,
  tokenOf,
  type World,
  type WorldOptions,
} from './world';

const onboarding = { caller: 'onboarding-hash' };
const agent = { caller: 'support-hash', person: 'ada-hash' };

/** A world that keeps the lines of its audit log, as the workflow writes them. */
function audited(options: WorldOptions = {}) {
  const world = createWorld(options);
  const lines: AuditLine[] = [];
  const nextId = () => `challenge-${lines.filter(({ action }) => action === 'challenge_sent').length + 1}`;
  function run(): void {
    for (;;) {
      const decision = decide(world.case, world.now);
      lines.push(...auditOf(world.case, decision.case, decision.answers));
      world.case = decision.case;
      world.step = decision.step;
      if (decision.step.type === 'wait' || decision.step.type === 'close') return;
      const performed = world.tenant.perform(decision.step, world.now, world.trouble(decision.step));
      const learnt = learn(world.case, performed, world.now, nextId(), { mindsLostCalls: true });
      lines.push(...auditOf(world.case, learnt.case, learnt.answers));
      world.case = learnt.case;
    }
  }
  world.run = () => {
    run();
    return world;
  };
  run();
  return {
    world,
    lines,
    send: (...commands: readonly Command[]): readonly AuditLine[] => {
      const from = lines.length;
      for (const command of commands) world.case = receive(world.case, command).case;
      run();
      return lines.slice(from);
    },
  };
}
const smsCode = (world: World, more: Partial<Extract<Command, { type: 'code' }>> = {}): Command => ({
  type: 'code',
  answers: 'oob',
  factor: 'sms',
  code: world.rightCode(),
  ...more,
});
const result = { action: 'code_result', factor: 'sms', challengeId: 'challenge-1', sealed: true } as const;

describe('the audit log', () => {
  test('tells of a challenge when it is sent', () => {
    expect(audited().lines).toEqual([{ action: 'challenge_sent', factor: 'sms', challengeId: 'challenge-1' }]);
  });

  test('tells what became of a code, from whose hand, and of the challenge that follows', () => {
    const { world, send } = audited();
    expect(send(smsCode(world, { by: agent }))).toEqual([
      { ...result, result: 'confirmed', hand: agent.caller, handPerson: agent.person },
      { action: 'challenge_sent', factor: 'otp', challengeId: 'challenge-2' },
    ]);
  });

  test('tells of a wrong code, and of one from a plain shell, which names no factor', () => {
    const { send } = audited();
    expect(send({ type: 'code', answers: 'oob', code: '000001', unsealed: true })).toEqual([
      { ...result, result: 'rejected', sealed: false },
    ]);
  });

  test('tells of a code that is refused for its hand', () => {
    const { world, send } = audited({ startedBy: onboarding });
    expect(send(smsCode(world, { by: onboarding }))).toEqual([
      { ...result, result: 'second_person_needed', hand: onboarding.caller },
    ]);
  });

  test('tells of every code of several that came at once', () => {
    const { world, send } = audited({ factors: ['sms'] });
    const lines = send(smsCode(world, { code: '000001' }), smsCode(world), smsCode(world));
    expect(lines.map((line) => ('result' in line ? line.result : line.action))).toEqual([
      'rejected',
      'confirmed',
      'already_confirmed',
      'settled',
    ]);
  });

  test('tells of a number, by whose hand', () => {
    const { send } = audited();
    expect(send({ type: 'changePhoneNumber', phoneNumber: otherNumber, by: agent })).toEqual([
      { action: 'phone_number_changed', hand: agent.caller, handPerson: agent.person },
    ]);
  });

  test.each([
    ['is taken', { token: { accessToken: tokenOf(own) } }, { action: 'token_taken', consent: false }],
    [
      'is taken with consent',
      { token: { accessToken: tokenOf(own) }, shown: { phoneNumberChanges: 0 }, consent: true as const },
      { action: 'token_taken', consent: true },
    ],
    [
      'is of another user',
      { token: { accessToken: tokenOf(other) } },
      { action: 'token_refused', why: 'token_of_another_user' },
    ],
    [
      'comes from somebody who was shown another number',
      { token: { accessToken: tokenOf(own) }, shown: { phoneNumberChanges: 3 } },
      { action: 'token_refused', why: 'number_changed' },
    ],
  ] as const)('tells of a token that %s', (_name, command, line) => {
    const { lines, send } = audited({ tokenless: true });
    const [first] = send({ type: 'token', ...command });
    expect([lines[0], first]).toEqual([line, line]);
  });

  test('tells of the end, and of what was still in line', () => {
    const { world, lines } = audited({ factors: ['sms'] });
    world.case = receive(world.case, smsCode(world)).case;
    world.cancel();
    expect(lines.slice(1)).toEqual([
      { ...result, result: 'expired' },
      { action: 'settled', state: 'cancelled' },
    ]);
  });

  test('tells once of each command that was answered, and its lines pass the list of what a log may show', () => {
    const anyCommand = fc.constantFrom<(world: World) => Command>(
      (world) => smsCode(world, { by: agent }),
      (world) => smsCode(world, { code: '000001' }),
      () => ({ type: 'changePhoneNumber', phoneNumber: otherNumber, by: onboarding }),
      () => ({ type: 'token', token: { accessToken: tokenOf(own, now, 7200) } }),
      () => ({ type: 'token', token: { accessToken: tokenOf(other) }, ...defined({ shown: undefined }) }),
    );
    fc.assert(
      fc.property(fc.array(fc.array(anyCommand, { maxLength: 4 }), { maxLength: 8 }), (story) => {
        const { world, lines, send } = audited({ startedBy: onboarding });
        let sent = 0;
        for (const commands of story) {
          const before = world.case.received;
          send(...commands.map((command) => command(world)));
          sent += world.case.received - before;
          world.now += 40_000;
        }
        const answered = sent - world.case.inbox.length;
        expect(lines.filter(({ action }) => action !== 'challenge_sent' && action !== 'settled')).toHaveLength(
          answered,
        );
        for (const line of lines) expect(shownMembers(line, shownInLogs)).toEqual(line);
        expect(JSON.stringify(lines)).not.toMatch(new RegExp(`\\${phoneNumber}|\\${otherNumber}|\\d{6}|eyJ`));
      }),
      { numRuns: 100 },
    );
  });
});
