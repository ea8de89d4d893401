import { createSecretKey } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { createSignInCookie, type SignIn } from '../src/api/sign-in-cookie';
import { createLinks } from '../src/links';
import { as, awaitingCode, id, idKey, testApp } from './api/support';

const publicUrl = 'https://mfa.example.com';
const textOf = (url: string): string => new URL(url).pathname.replace('/sign-in/', '');

/** The id of the link that the API makes. */
async function linkId(role: 'onboarding' | 'support', key?: string): Promise<string | undefined> {
  const { app } = await testApp({ get: async () => awaitingCode });
  const headers = { ...as(role), ...(key === undefined ? {} : { 'idempotency-key': key }) };
  const answer = await app.inject({ method: 'POST', url: `/v1/enrollments/${id}/links`, headers });
  expect(answer.statusCode).toBe(201);
  const link = await createLinks({ idKey, publicUrl }).read(textOf(answer.json<{ url: string }>().url));
  expect(link?.enrollmentId).toBe(id);
  return link?.linkId;
}

test('a repeated call with one Idempotency-Key makes one single-use link, in every process', async () => {
  const first = await linkId('onboarding', 'key-1');
  expect(first).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(await linkId('onboarding', 'key-1')).toBe(first);
});

test('another key, another caller, or no key makes another link', async () => {
  const all = [
    await linkId('onboarding', 'key-1'),
    await linkId('onboarding', 'key-2'),
    await linkId('support', 'key-1'),
    await linkId('onboarding'),
    await linkId('onboarding'),
  ];
  expect(new Set(all).size).toBe(all.length);
});

test('a sign-in that was under way when ID_KEY was replaced comes to its end', async () => {
  const previous = createSecretKey(Buffer.alloc(32, 'previous'));
  const signIn: SignIn = {
    ...{ enrollmentId: id, linkId: 'link-1', link: 'text', phoneNumberChanges: 0, agreedAt: 1 },
    ...{ state: 's', codeVerifier: 'v', nonce: 'n' },
  };
  const sealed = await createSignInCookie(previous, true).seal(signIn);
  expect(await createSignInCookie(idKey, true, [previous]).open(sealed)).toEqual(signIn);
  expect(await createSignInCookie(idKey, true).open(sealed)).toBeUndefined();
});

test('a link of before ID_KEY was replaced still leads to its enrollment; one of a key that is gone does not', async () => {
  const previous = createSecretKey(Buffer.alloc(32, 'previous'));
  const { url } = await createLinks({ idKey: previous, publicUrl }).create(id, 'link-1');
  const rotated = createLinks({ idKey, previousIdKeys: [previous], publicUrl });
  expect(await rotated.read(textOf(url))).toMatchObject({ enrollmentId: id, linkId: 'link-1' });
  expect(await createLinks({ idKey, publicUrl }).read(textOf(url))).toBeUndefined();
  const { url: newUrl } = await rotated.create(id);
  expect(await createLinks({ idKey, publicUrl }).read(textOf(newUrl))).toMatchObject({ enrollmentId: id });
});
