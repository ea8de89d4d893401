import { createSecretKey, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { enrollmentIds } from '../../src/temporal/ids';

const ids = enrollmentIds(createSecretKey(Buffer.alloc(32, 'first')));
const otherKey = enrollmentIds(createSecretKey(Buffer.alloc(32, 'other')));
const user = 'auth0|5f7c8ec7c33c6c004bbafe82';

describe('workflow id', () => {
  test('one user of one tenant has one id, however the domain is spelled', () => {
    expect(ids.workflowId('Tenant.eu.auth0.com', user)).toBe(ids.workflowId('tenant.eu.auth0.com', user));
  });

  test('it is the fixed prefix and 128 opaque bits', () => {
    expect(ids.workflowId('tenant.auth0.com', user)).toMatch(/^mfa-enrollment-[A-Za-z0-9_-]{22}$/);
  });

  test('another user, tenant or key has another id, also where the parts only shift', () => {
    const all = [
      ids.workflowId('a.com', 'bc'),
      ids.workflowId('a.comb', 'c'),
      ids.workflowId('a.com', 'bd'),
      otherKey.workflowId('a.com', 'bc'),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  test('it shows nothing of the user', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{6,24}$/), (name) => {
        expect(ids.workflowId('tenant.auth0.com', `auth0|${name}`).toLowerCase()).not.toContain(name);
      }),
    );
  });

  test('an id from elsewhere is told apart', () => {
    expect(ids.isWorkflowId(ids.workflowId('tenant.auth0.com', user))).toBe(true);
    expect(ids.isWorkflowId('by-hand')).toBe(false);
    expect(ids.isWorkflowId('mfa-enrollment-short')).toBe(false);
  });
});

describe('hashes of a caller', () => {
  test('a start is known by its caller and key together, and shows neither', () => {
    const all = [
      ids.startKey('desk', 'key'),
      ids.startKey('desk', 'other'),
      ids.startKey('another', 'key'),
      ids.startKey('deskk', 'ey'),
      otherKey.startKey('desk', 'key'),
      ids.owner('desk'),
      ids.owner('another'),
      otherKey.owner('desk'),
    ];
    expect(new Set(all).size).toBe(all.length);
    for (const hash of all) expect(hash).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(ids.startKey('desk', 'key')).toBe(all[0]);
    expect(ids.owner('desk')).toBe(all[5]);
  });
});

describe('enrollment id', () => {
  const workflowId = fc.string().map((userId) => ids.workflowId('tenant.auth0.com', userId));

  test('it names the run it was made of, and is safe in a URL', () => {
    fc.assert(
      fc.property(workflowId, fc.uuid(), (workflow, runId) => {
        const id = ids.enrollmentId(workflow, runId);
        expect(id).toMatch(/^enr_[A-Za-z0-9_-]{64}$/);
        expect(ids.parseEnrollmentId(id)).toEqual({ workflowId: workflow, runId, keyId: ids.keyId });
      }),
    );
  });

  test('whatever we did not make is no id, and never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^enr_[A-Za-z0-9_-]{64}$/), fc.string({ unit: 'binary' })),
        (garbage) => {
          expect(ids.parseEnrollmentId(garbage)).toBeUndefined();
        },
      ),
    );
  });

  test('one changed character makes it worthless', () => {
    const id = ids.enrollmentId(ids.workflowId('tenant.auth0.com', user), randomUUID());
    for (let at = 4; at < id.length; at += 1) {
      const changed = `${id.slice(0, at)}${id[at] === 'A' ? 'B' : 'A'}${id.slice(at + 1)}`;
      expect(ids.parseEnrollmentId(changed)).toBeUndefined();
    }
  });

  test('an id made under another key is no id', () => {
    const id = ids.enrollmentId(ids.workflowId('tenant.auth0.com', user), randomUUID());
    expect(otherKey.parseEnrollmentId(id)).toBeUndefined();
  });

  test.each([
    ['a workflow id from elsewhere', 'by-hand', randomUUID(), 'workflow id'],
    // The last character carries two bits only: this one would come back as another id.
    [
      'a workflow id that is not what 16 bytes encode to',
      `mfa-enrollment-${'A'.repeat(21)}B`,
      randomUUID(),
      'workflow id',
    ],
    ['a run id that is no UUID', `mfa-enrollment-${'A'.repeat(22)}`, 'latest', 'run id'],
  ])('%s is refused with what was expected', (_what, workflow, runId, expected) => {
    expect(() => ids.enrollmentId(workflow, runId)).toThrow(expected);
  });
});

describe('after the key was replaced', () => {
  const before = enrollmentIds(createSecretKey(Buffer.alloc(32, 'first')));
  const after = enrollmentIds(createSecretKey(Buffer.alloc(32, 'other')), [createSecretKey(Buffer.alloc(32, 'first'))]);
  const runId = randomUUID();
  const tenant = 'tenant.auth0.com';
  const oldId = before.enrollmentId(before.workflowId(tenant, user), runId);

  test('new ids are those of the new key, and a user is looked for under both', () => {
    expect(after.keyId).toBe(otherKey.keyId);
    expect(after.workflowId(tenant, user)).toBe(otherKey.workflowId(tenant, user));
    expect(after.workflowIds(tenant, user)).toEqual([
      otherKey.workflowId(tenant, user),
      before.workflowId(tenant, user),
    ]);
    expect(after.owners('desk')).toEqual([otherKey.owner('desk'), before.owner('desk')]);
    expect([after.fingerprint({}), after.startKey('d', 'k')]).toEqual([
      otherKey.fingerprint({}),
      otherKey.startKey('d', 'k'),
    ]);
  });

  test('an enrollment id of before still names its run, and is made again for a run of that key', () => {
    const run = after.parseEnrollmentId(oldId);
    expect(run).toEqual({ workflowId: before.workflowId(tenant, user), runId, keyId: before.keyId });
    expect(after.enrollmentId(before.workflowId(tenant, user), runId, run?.keyId)).toBe(oldId);
  });

  test('fingerprints and start keys of before are recognized, those of a key that is gone are not', () => {
    expect(after.isFingerprint(before.fingerprint({ a: 1 }), { a: 1 })).toBe(true);
    expect(after.isStartKey(before.startKey('desk', 'k'), 'desk', 'k')).toBe(true);
    expect(otherKey.isFingerprint(before.fingerprint({ a: 1 }), { a: 1 })).toBe(false);
    expect(otherKey.isStartKey(before.startKey('desk', 'k'), 'desk', 'k')).toBe(false);
    expect(after.isFingerprint(undefined, { a: 1 })).toBe(false);
    expect(after.isStartKey(undefined, 'desk', 'k')).toBe(false);
  });

  test('within an enrollment of before, a repeated call and a hand have the names that they had', () => {
    const own = after.under(oldId);
    expect(own.updateId('desk', 'k', {})).toBe(before.updateId('desk', 'k', {}));
    expect(own.linkId('desk', 'k', oldId)).toBe(before.linkId('desk', 'k', oldId));
    expect([own.owner('desk'), own.person('ada')]).toEqual([before.owner('desk'), before.person('ada')]);
    const newId = after.enrollmentId(after.workflowId(tenant, user), runId);
    expect(after.under(newId).updateId('desk', 'k', {})).toBe(after.updateId('desk', 'k', {}));
    expect(after.under('enr_nothing').owner('desk')).toBe(after.owner('desk'));
  });

  test('the name of a key tells nothing of it', () => {
    expect(before.keyId).toMatch(/^[A-Za-z0-9_-]{8}$/);
    expect(before.keyId).not.toBe(otherKey.keyId);
  });
});

describe('fingerprint', () => {
  const body = { phoneNumber: '+4915112345678', factors: ['sms', 'otp'] };

  test('the same request has the same one, in whatever order its fields come', () => {
    expect(ids.fingerprint({ factors: ['sms', 'otp'], phoneNumber: '+4915112345678' })).toBe(ids.fingerprint(body));
  });

  test('an absent field and an undefined one are the same', () => {
    expect(ids.fingerprint({ factors: ['otp'], phoneNumber: undefined })).toBe(ids.fingerprint({ factors: ['otp'] }));
  });

  test.each([
    ['another number', { ...body, phoneNumber: '+4915112345679' }],
    ['another order of factors', { ...body, factors: ['otp', 'sms'] }],
    ['no number', { factors: body.factors }],
  ])('%s has another one', (_what, other) => {
    expect(ids.fingerprint(other)).not.toBe(ids.fingerprint(body));
  });

  test('without the key a number cannot be guessed from it', () => {
    expect(otherKey.fingerprint(body)).not.toBe(ids.fingerprint(body));
  });
});

describe('update id', () => {
  const body = { code: '123456' };

  test('the same caller, key and body repeat it', () => {
    expect(ids.updateId('support', 'k1', { code: '123456' })).toBe(ids.updateId('support', 'k1', body));
  });

  test.each([
    ['another caller', () => ids.updateId('ops', 'k1', body)],
    ['another key', () => ids.updateId('support', 'k2', body)],
    ['another body', () => ids.updateId('support', 'k1', { code: '123457' })],
    ['a caller that ends as the key begins', () => ids.updateId('supportk', '1', body)],
  ])('%s gives another one', (_what, other) => {
    expect(other()).not.toBe(ids.updateId('support', 'k1', body));
  });

  test('it fits into an id of Temporal and holds no part of the body', () => {
    expect(ids.updateId('support', 'k'.repeat(5000), body)).toMatch(/^upd_[A-Za-z0-9_-]{43}$/);
  });
});

test('a phone number is found under each key of the ring, and its hash is nothing but that', () => {
  const [first, other] = [createSecretKey(Buffer.alloc(32, 'first')), createSecretKey(Buffer.alloc(32, 'other'))];
  const rotated = enrollmentIds(other, [first]);
  const number = '+14155550123';
  expect(rotated.phoneNumbers(number)).toEqual([otherKey.phoneNumber(number), ids.phoneNumber(number)]);
  expect(rotated.phoneNumber(number)).toBe(otherKey.phoneNumber(number));
  expect(ids.phoneNumber(number)).toMatch(/^[A-Za-z0-9_-]{22}$/);
  const others = [ids.phoneNumber('+14155550124'), ids.owner(number), ids.person(number)];
  expect(others).not.toContain(ids.phoneNumber(number));
});
