/** A browser's cookies for one host, by name. */
export type CookieJar = Map<string, string>;

/** What a user sees of a sign-in link: the page, and the way from it to the tenant. */
export interface ConsentPage {
  readonly status: number;
  readonly html: string;
  /** What of it can be read. */
  readonly text: string;
  /** Presses "Continue to sign in": the answer of the POST. */
  continue(): Promise<Response>;
  /** Presses "This is not me". */
  notMe(): Promise<Response>;
}

/** Opens the page of a sign-in link. Keeps its cookies in `jar`, as a browser does. */
export async function openLink(url: string, jar: CookieJar): Promise<ConsentPage> {
  const opened = await fetch(url, { redirect: 'manual', headers: { cookie: cookieHeader(jar) } });
  keepCookies(opened, jar);
  const html = await opened.text();
  const token = /name="token" value="([^"]*)"/.exec(html)?.[1] ?? '';
  const press = async (path: string): Promise<Response> => {
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: cookieHeader(jar), 'sec-fetch-site': 'same-origin' },
      body: new URLSearchParams({ token }),
    });
    keepCookies(answer, jar);
    return answer;
  };
  return {
    status: opened.status,
    html,
    text: textOfPage(html),
    continue: () => press(''),
    notMe: () => press('/not-me'),
  };
}

/** Goes through the page of a sign-in link and signs in at the emulated tenant; gives the address that the browser is sent back to. */
export async function followLink(url: string, email: string, jar: CookieJar): Promise<string> {
  const page = await openLink(url, jar);
  const answer = await page.continue();
  const authorize = answer.headers.get('location');
  if (authorize === null) throw new Error(`the sign-in link did not lead to the tenant: ${answer.status}`);
  return signInAtTenant(authorize, email);
}

/** Follows the login page of the emulated tenant; gives the address that it sends the browser back to. */
export async function signInAtTenant(authorize: string, email: string): Promise<string> {
  const shown = await fetch(authorize, { redirect: 'manual' });
  const login = new URL(shown.headers.get('location') ?? '', authorize);
  const state = login.searchParams.get('state') ?? '';
  const answer = await fetch(new URL('/u/login', authorize), {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ state, username: email, password: 'correct horse' }),
  });
  return answer.headers.get('location') ?? '';
}

/** The header `Cookie` of a request. */
export const cookieHeader = (jar: CookieJar): string =>
  Array.from(jar, ([name, value]) => `${name}=${value}`).join('; ');

export function keepCookies(answer: Response, jar: CookieJar): void {
  for (const line of answer.headers.getSetCookie()) {
    const [pair = ''] = line.split(';', 1);
    const at = pair.indexOf('=');
    jar.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

/** The text of a page, as a screen reader comes by it. */
export const textOfPage = (html: string): string =>
  html
    .replace(/<(head|style)>.*?<\/\1>/gs, ' ')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&nbsp;', ' ')
    .replace(/\s+/g, ' ')
    .replace(/ ([:.,])/g, '$1');
