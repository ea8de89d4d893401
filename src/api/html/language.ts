import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import type { App } from '../routes/shared';
import { languageNames, type Language } from './messages';

const cookieName = 'mfa-language';
/** A year, in seconds: a choice that was made once. */
const cookieLife = 365 * 24 * 3600;

export const isLanguage = (text: unknown): text is Language => languageNames.some((name) => name === text);

/** The language that the user has chosen on a page of ours, else the best one that the browser asks for, else English. */
export function languageOf({ cookies, headers }: Pick<FastifyRequest, 'cookies' | 'headers'>): Language {
  const chosen = cookies[cookieName];
  if (isLanguage(chosen)) return chosen;
  return (new Negotiator({ headers }).language([...languageNames]) as Language | undefined) ?? 'en';
}

/**
 * `?lang=de` on any page of this scope chooses the language: it is remembered in a cookie that says nothing else, and the same
 * address is shown without it.
 */
export function takeLanguageChoice(app: App, secure: boolean): void {
  app.addHook('preHandler', async (request, reply) => {
    if (request.method !== 'GET' || typeof request.query !== 'object' || request.query === null) return;
    const { lang, ...rest }: { readonly lang?: unknown } & Record<string, unknown> = { ...request.query };
    if (!isLanguage(lang)) return;
    void reply.setCookie(cookieName, lang, {
      ...{ path: '/', maxAge: cookieLife, sameSite: 'lax', httpOnly: true, secure },
    });
    const query = new URLSearchParams(
      Object.entries(rest).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
    ).toString();
    const [path = '/'] = request.url.split('?', 1);
    return reply.redirect(query === '' ? path : `${path}?${query}`, 303);
  });
}
