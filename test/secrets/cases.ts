import { randomInt } from 'node:crypto';
import { TOTP } from 'otpauth';
import { tokenOf } from '../api/support';
import type { Desk } from '../support/desk';
import { cookieHeader, followLink, keepCookies, openLink, type CookieJar } from '../support/sign-in';

/** What a run of cases leaves in the hands of its users and callers, all of it secret. */
export interface Secrets {
  readonly phoneNumbers: string[];
  readonly links: string[];
  readonly setupKeys: string[];
  readonly recoveryCodes: string[];
  readonly cookies: string[];
}

/** A number of the range that nobody has, new for each case: the same digits elsewhere would be chance. */
const newPhoneNumber = (): string => `+1415555${String(randomInt(10_000)).padStart(4, '0')}`;
const otherThan = (code: string): string =>
  String((Number(code) + 1 + randomInt(900_000)) % 1_000_000).padStart(6, '0');
const appCode = (setupKey: string, stepsAhead = 0): string =>
  new TOTP({ secret: setupKey }).generate({ timestamp: Date.now() + stepsAhead * 30_000 });

/** Whole cases through the HTTP API, each way that a case can go. Every role asks for everything along the way. */
export async function runCases(desk: Desk): Promise<Secrets> {
  const secrets: Secrets = { phoneNumbers: [], links: [], setupKeys: [], recoveryCodes: [], cookies: [] };
  const parts = { desk, secrets };
  await completed(parts);
  await signedIn(parts);
  await cancelled(parts);
  await faulty(parts);
  await notConfigured(parts);
  await everyRoute(desk);
  return secrets;
}

interface Parts {
  readonly desk: Desk;
  readonly secrets: Secrets;
}

async function newCase({ desk, secrets }: Parts) {
  const { userId, email } = await desk.newUser();
  const phoneNumber = newPhoneNumber();
  secrets.phoneNumbers.push(phoneNumber);
  const { id } = await desk.start({ userId, phoneNumber, token: await desk.token(userId) });
  return { id, userId, email };
}

const code = ({ desk }: Parts, id: string, path: 'binding-code' | 'otp', digits: string) =>
  desk.ask('support', 'POST', `/v1/enrollments/${id}/${path}`, { code: digits });

const cancel = (desk: Desk, id: string) =>
  desk.ask('ops', 'POST', `/v1/enrollments/${id}/cancel`, { reason: 'the test is over' });

/** Wrong codes, a token that is too short and is renewed by its refresh token, a recovery code, another number: and done. */
async function completed(parts: Parts): Promise<void> {
  const { desk, secrets } = parts;
  await desk.control('/switches', { recoveryCodes: true }, 'PUT');
  const { userId } = await desk.newUser();
  const phoneNumber = newPhoneNumber();
  secrets.phoneNumbers.push(phoneNumber);
  const short = await desk.token(userId, 60);
  const { id } = await desk.start({ userId, phoneNumber, token: short });
  const events = desk.ask('support', 'GET', `/v1/enrollments/${id}/events`);
  const texted = await desk.texted(userId);
  await code(parts, id, 'binding-code', otherThan(texted));
  await code(parts, id, 'binding-code', otherThan(texted));
  await desk.ask('support', 'POST', `/v1/enrollments/${id}/resend`, { reason: 'asked by the user' });
  const another = newPhoneNumber();
  secrets.phoneNumbers.push(another);
  // Not support: whoever sets the number does not send its code.
  await desk.ask('ops', 'PUT', `/v1/enrollments/${id}/phone-number`, { phoneNumber: another, reason: 'new phone' });
  await desk.until(id, 'awaiting_code'); // its text goes out by itself when the cool-down is over
  await code(parts, id, 'binding-code', await desk.texted(userId));
  await desk.until(id, 'awaiting_code');
  const { setupKey = '', recoveryCode = '' } = await desk.challenge(id);
  secrets.setupKeys.push(setupKey);
  secrets.recoveryCodes.push(recoveryCode);
  await desk.ask('onboarding', 'PUT', `/v1/enrollments/${id}/token`, await desk.token(userId));
  await code(parts, id, 'otp', otherThan(appCode(setupKey)));
  await code(parts, id, 'otp', appCode(setupKey));
  await desk.until(id, 'completed');
  await events;
  await desk.ask('support', 'GET', `/v1/enrollments/${id}/timeline`);
  await desk.ask('support', 'POST', '/v1/enrollments/find', { phoneNumber: another });
}

/** No token: the user opens the link, signs in at the tenant, and comes back with a code. */
async function signedIn(parts: Parts): Promise<void> {
  const { desk, secrets } = parts;
  const { userId, email } = await desk.newUser();
  const phoneNumber = newPhoneNumber();
  secrets.phoneNumbers.push(phoneNumber);
  const { id, signInUrl = '' } = await desk.start({ userId, phoneNumber });
  const made = await desk.ask('onboarding', 'POST', `/v1/enrollments/${id}/links`, {}, true);
  const { url } = JSON.parse(made.text) as { url: string };
  for (const link of [signInUrl, url]) secrets.links.push(link.slice(link.lastIndexOf('/') + 1));

  const jar: CookieJar = new Map();
  const consent = await openLink(url, jar);
  // Its forms lead to the link itself; nothing else on it may hold a secret.
  const page = consent.html.replaceAll(new URL(url).pathname, '');
  desk.answers.push({ name: 'consent page', bytes: Buffer.from(page) });
  const back = await followLink(url, email, jar);
  secrets.cookies.push(...jar.values());
  const answer = await fetch(back, { redirect: 'manual', headers: { cookie: cookieHeader(jar) } });
  desk.answers.push({ name: 'page after the sign-in', bytes: Buffer.from(await answer.text()) });
  if (answer.status !== 303) throw new Error(`the sign-in was answered with ${answer.status}`);
  keepCookies(answer, jar);
  secrets.cookies.push(...jar.values());
  await desk.until(id, 'awaiting_code');
  const shown = await fetch(new URL('/enroll', url), { headers: { cookie: cookieHeader(jar) } });
  if (shown.status !== 200) throw new Error(`the enrollment page was answered with ${shown.status}`);
  desk.answers.push({ name: 'enrollment page', bytes: Buffer.from(await shown.text()) });
  await cancel(desk, id);
}

/** Somebody writes into the reason what does not belong there. */
async function cancelled(parts: Parts): Promise<void> {
  const { desk, secrets } = parts;
  const { id, userId } = await newCase(parts);
  const reason = `lost the phone ${secrets.phoneNumbers.at(-1) ?? ''}, the code was ${await desk.texted(userId)}`;
  await desk.ask('support', 'POST', `/v1/enrollments/${id}/cancel`, { reason });
  await desk.until(id, 'cancelled');
  await code(parts, id, 'binding-code', await desk.texted(userId));
}

/** Answers that are lost, late, broken or refused, so that what is said about faults is heard too. */
async function faulty(parts: Parts): Promise<void> {
  const { desk } = parts;
  for (const [route, type] of [
    ['POST /mfa/associate', 'malformedBody'],
    ['POST /mfa/associate', 'errorBefore'],
    ['GET /mfa/authenticators', 'resetBefore'],
  ] as const) {
    await desk.control('/faults', { route, type });
    const { id } = await newCase(parts);
    await desk.control('/faults', {}, 'DELETE');
    await cancel(desk, id);
  }
  const { id, userId } = await newCase(parts);
  for (const type of ['malformedBody', 'resetAfter', 'rateLimited']) {
    await desk.control('/faults', { route: 'POST /oauth/token', type });
    await code(parts, id, 'binding-code', otherThan(await desk.texted(userId)));
  }
  await desk.control('/faults', {}, 'DELETE');
  await cancel(desk, id);
}

/** The tenant is not set up: the case fails, and says so in failures and logs. */
async function notConfigured(parts: Parts): Promise<void> {
  const { desk } = parts;
  await desk.control('/switches', { smsFactor: false }, 'PUT');
  const { id } = await newCase(parts);
  await desk.until(id, 'failed');
  await desk.control('/switches', { smsFactor: true }, 'PUT');
  const { userId } = await desk.newUser();
  const { id: waiting } = await desk.start({ userId, token: { accessToken: tokenOf(userId) } }); // Auth0 has not signed it
  await desk.until(waiting, 'awaiting_token');
  const somebodyElse = await desk.newUser();
  await desk.ask('onboarding', 'PUT', `/v1/enrollments/${waiting}/token`, await desk.token(somebodyElse.userId));
}

/** Every route, as every role and as nobody, for a case that is open; and what needs no caller. */
async function everyRoute(desk: Desk): Promise<void> {
  const { userId } = await desk.newUser();
  const token = await desk.token(userId);
  const { id } = await desk.start({ userId, factors: ['otp'], token });
  for (const caller of ['ops', 'support', 'nobody'] as const) {
    const one = `/v1/enrollments/${id}`;
    for (const path of [
      one,
      `${one}/challenge`,
      '/v1/enrollments?limit=100',
      `/v1/enrollments?userId=${encodeURIComponent(userId)}`,
      '/metrics',
      '/openapi.json',
      '/docs/json',
    ]) {
      await desk.ask(caller, 'GET', path);
    }
    await desk.ask(caller, 'GET', `/v1/enrollments/${token.refreshToken}`, undefined, true);
    await desk.ask(caller, 'POST', '/v1/enrollments', { userId, token: { ...token, extra: token.accessToken } });
    await desk.ask(caller, 'PUT', `${one}/token`, { ...token, accessToken: `${token.accessToken}\n` });
    await desk.ask(caller, 'POST', `${one}/links`, {});
    await desk.ask(caller, 'POST', `${one}/otp`, { code: `${token.accessToken}` });
    await desk.ask(caller, 'POST', `${one}/otp`, { code: '31415', challengeId: 'another' });
  }
  await cancel(desk, id);
}
