import { expect, test } from '@jest/globals';
import { accountHolderOf, actorOf } from '../../src/api/actor';
import { isSameHand, parseActor } from '../../src/enrollment/actor';
import { as, awaitingCode, id, ids, testApp } from './support';

const holder = accountHolderOf(ids);

test('the account holder is a hand that an enrollment can read', () => {
  expect(parseActor(holder)).toEqual(holder);
  expect(holder.accountHolder).toBe(true);
});

test('no caller has the hand of the account holder, whatever its name is', () => {
  const caller = { name: 'account holder', kind: 'api_key', scopes: [], namesPersons: false } as const;
  const actor = actorOf({ caller }, ids);
  expect(actor).not.toHaveProperty('accountHolder');
  expect(isSameHand(actor, holder)).toBe(false);
});

test.each([
  ['a code', 'POST', 'binding-code', { code: '123456', by: holder }],
  ['a number', 'PUT', 'phone-number', { phoneNumber: '+14155550123', reason: 'x', by: holder }],
] as const)('%s that says it is of the account holder is refused', async (_name, method, path, payload) => {
  const { app } = await testApp();
  const url = `/v1/enrollments/${id}/${path}`;
  const answer = await app.inject({ method, url, headers: as('support'), payload });
  expect(answer.json()).toMatchObject({ status: 400, code: 'invalid_request' });
});

test('that the recovery code is saved comes with the hand of the caller, and answers with the enrollment', async () => {
  const heard: unknown[] = [];
  const { app } = await testApp({
    acknowledgeRecoveryCode: async (...call) => {
      heard.push(call);
      return awaitingCode;
    },
  });
  const url = `/v1/enrollments/${id}/recovery-code/acknowledge`;
  const answer = await app.inject({ method: 'POST', url, headers: as('onboarding') });
  expect([answer.statusCode, answer.json()]).toEqual([200, awaitingCode]);
  expect(heard).toEqual([[id, expect.stringMatching(/^upd_/), { caller: ids.owner('onboarding-desk') }]]);
});

test('that the recovery code is saved is for the owner alone to say', async () => {
  const { app } = await testApp({ ownerOf: async () => ids.owner('another-desk') });
  const url = `/v1/enrollments/${id}/recovery-code/acknowledge`;
  const answer = await app.inject({ method: 'POST', url, headers: as('onboarding') });
  expect(answer.json()).toMatchObject({ status: 404, code: 'enrollment_not_found' });
});
