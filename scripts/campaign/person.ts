import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { StackFile } from '../stack/stack-file';
import { send } from '../stack/http';

const password = 'correct horse battery';
const view = z.object({ state: z.string() });
const appCode = z.object({ code: z.string() });

/** Opens the link, signs in at the tenant, and sets up the app: support types the code. Rejects when a step fails; the link then works no more. */
export async function enrollByLink(
  { api, emulatorControl, keys }: StackFile,
  link: { readonly url: string; readonly enrollmentId: string; readonly userId: string },
  email: string,
): Promise<void> {
  const cookies = new Map<string, string>();
  const opened = await browse(cookies, link.url);
  const agreed = await browse(cookies, link.url, { token: tokenIn(await opened.text()) });
  const shown = await browse(new Map(), locationOf(agreed));
  const login = new URL(locationOf(shown), locationOf(agreed));
  const signedIn = await browse(new Map(), new URL('/u/login', login).href, {
    ...{ state: login.searchParams.get('state') ?? '', username: email, password },
  });
  await browse(cookies, locationOf(signedIn));
  const at = `${api}/v1/enrollments/${link.enrollmentId}`;
  for (let looks = 0; ; looks += 1) {
    const { body } = await send({ method: 'GET', url: at, key: keys.support });
    const { state } = view.parse(body);
    if (state === 'awaiting_code') break;
    if (looks > 50 || state === 'awaiting_token') throw new Error(`no code is awaited: ${state}`);
    await sleep(200);
  }
  const otp = await send({ method: 'GET', url: `${emulatorControl}/users/${encodeURIComponent(link.userId)}/otp` });
  await send({ method: 'POST', url: `${at}/otp`, key: keys.support, body: { code: appCode.parse(otp.body).code } });
}

/** Opens the link and presses "This is not me". */
export async function declineByLink(url: string): Promise<void> {
  const cookies = new Map<string, string>();
  const opened = await browse(cookies, url);
  const answer = await browse(cookies, `${url}/not-me`, { token: tokenIn(await opened.text()) });
  if (answer.status >= 400) throw new Error(`the link was not declined: ${answer.status}`);
}

async function browse(
  cookies: Map<string, string>,
  url: string,
  form?: Readonly<Record<string, string>>,
): Promise<Response> {
  const answer = await fetch(url, {
    redirect: 'manual',
    headers: {
      cookie: Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; '),
      ...(form === undefined ? {} : { 'sec-fetch-site': 'same-origin' }),
    },
    ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
  });
  for (const line of answer.headers.getSetCookie()) {
    const [pair = ''] = line.split(';', 1);
    const at = pair.indexOf('=');
    cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
  return answer;
}

const tokenIn = (html: string): string => /name="token" value="([^"]*)"/.exec(html)?.[1] ?? '';

const locationOf = (answer: Response): string => {
  const location = answer.headers.get('location');
  if (location === null) throw new Error(`the page did not lead on: ${answer.status}`);
  return location;
};
