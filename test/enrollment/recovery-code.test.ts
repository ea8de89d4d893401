import { describe, expect, test } from '@jest/globals';
import { refuseAcknowledgement } from '../../src/enrollment/admission';
import { auditOf } from '../../src/enrollment/audit';
import { hold, receive } from '../../src/enrollment/case';
import { challengeSecretsOf } from '../../src/enrollment/challenge-secrets';
import { decide } from '../../src/enrollment/decide';
import { recoveryCodeGiven } from './situations';
import { createWorld, now, otherNumber, own, tokenOf, type World } from './world';

const acknowledge = (world: World) => world.send({ type: 'acknowledgeRecoveryCode' });
const shown = (world: World) => challengeSecretsOf(world.case).recoveryCode;
const due = () => recoveryCodeGiven().finish();

describe('an enrollment whose user has still to save the recovery code', () => {
  test('waits for that when every factor is active, and says so', () => {
    const world = due();
    expect(world.view).toMatchObject({
      state: 'verifying',
      recoveryCodeDue: true,
      waitingFor: { who: 'user', what: 'recovery_code' },
      factors: [{ state: 'confirmed' }, { state: 'confirmed' }],
    });
    expect(world.step).toMatchObject({ type: 'wait', until: world.case.enrollment.deadline });
    expect(shown(world)).toBe('RECOVERY');
  });

  test('asks Auth0 nothing while it waits, and leaves nothing over', () => {
    const world = due();
    const { calls } = world.tenant;
    const before = calls.length;
    world.later(3600);
    expect(calls).toHaveLength(before);
    expect(world.tenant.account(own).every(({ active }) => active)).toBe(true);
  });

  test('is completed when somebody says that the user has, and shows the code no more', () => {
    const world = due();
    expect(acknowledge(world)).toMatchObject({ type: 'done' });
    expect([world.state, shown(world), world.view.recoveryCodeDue]).toEqual(['completed', undefined, undefined]);
  });

  test('is completed all the same at its deadline, and then shows the code on', () => {
    const world = due();
    world.later((world.case.enrollment.deadline - world.now) / 1000);
    expect([world.state, shown(world), world.problem]).toEqual(['completed', 'RECOVERY', undefined]);
  });

  test('is completed all the same when somebody cancels it', () => {
    expect(due().cancel('no longer wanted').state).toBe('completed');
  });

  test('takes a code for what it is, and nothing else', () => {
    const world = due();
    expect(world.code('123456')).toBe('already_confirmed');
    expect(world.resend()).toMatchObject({ type: 'refused', refusal: { type: 'wrong_step' } });
    expect(world.changeNumber(otherNumber)).toMatchObject({ type: 'refused', refusal: { type: 'wrong_step' } });
    expect(world.view.recoveryCodeDue).toBe(true);
  });
});

describe('an acknowledgement', () => {
  test('that comes before the last factor is kept: the enrollment does not wait', () => {
    const world = recoveryCodeGiven();
    expect(acknowledge(world)).toMatchObject({ type: 'done' });
    expect(shown(world)).toBeUndefined();
    expect(world.finish().state).toBe('completed');
  });

  test('that comes while the factors are read back is heard in its turn', () => {
    const world = recoveryCodeGiven();
    world.trouble = ({ type }) => {
      if (type === 'list' && world.state === 'verifying' && world.case.inbox.length === 0) {
        world.case = receive(world.case, { type: 'acknowledgeRecoveryCode' }).case;
      }
      return undefined;
    };
    expect(world.finish().state).toBe('completed');
  });

  test('can be repeated, and comes to nothing where there is no recovery code', () => {
    const world = createWorld().run();
    expect([acknowledge(world), acknowledge(world)]).toMatchObject([{ type: 'done' }, { type: 'done' }]);
    expect(world.finish().state).toBe('completed');
  });

  test('is refused after the end, and with a hand that is none', () => {
    expect(refuseAcknowledgement(createWorld().run().finish().case, {})?.type).toBe('settled');
    expect(refuseAcknowledgement(due().case, { by: 'support' })?.type).toBe('malformed');
  });

  test('leaves one line in the audit log, however often it is said', () => {
    const lineAfter = (world: World) => {
      const by = { caller: 'of-the-page', accountHolder: true } as const;
      const { case: before } = receive(world.case, { type: 'acknowledgeRecoveryCode', by });
      const { case: after, answers } = decide(before, world.now);
      return auditOf(before, after, answers).filter(({ action }) => action === 'recovery_code_acknowledged');
    };
    expect(lineAfter(due())).toEqual([
      { action: 'recovery_code_acknowledged', hand: 'of-the-page', accountHolder: true },
    ]);
    const world = recoveryCodeGiven();
    acknowledge(world);
    expect(lineAfter(world)).toEqual([]);
  });
});

describe('an enrollment is over as soon as every factor is read back', () => {
  test('where it was started without the option', () => {
    const world = recoveryCodeGiven({ options: {} }).finish();
    expect([world.state, shown(world)]).toEqual(['completed', 'RECOVERY']);
  });

  test('where nobody agreed on a page, on which the code would be shown', () => {
    const world = createWorld({ options: { recoveryCode: 'acknowledge' } }).run();
    world.case = hold(world.case, { recoveryCode: 'RECOVERY' });
    expect(world.finish().state).toBe('completed');
  });

  test('where the number was changed after the user had agreed', () => {
    const world = recoveryCodeGiven();
    world.changeNumber(otherNumber);
    expect(world.later(31).finish().state).toBe('completed');
  });

  test('where Auth0 gave no recovery code', () => {
    const world = createWorld({ tokenless: true, options: { recoveryCode: 'acknowledge' } }).run();
    world.token(tokenOf(own, now), {}, { phoneNumberChanges: 0 });
    expect(world.finish().state).toBe('completed');
  });
});
