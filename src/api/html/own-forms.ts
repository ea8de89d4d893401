import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { derivedKey } from '../../links';
import type { App } from '../routes/shared';

/** Forms of pages come as `application/x-www-form-urlencoded`: an object of text by name; of a name that comes twice, the last. */
export function takeForms(app: App): void {
  app.addContentTypeParser<string>('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body))),
  );
}

/**
 * Does the browser say that a page of ours has sent this request? Not every browser says it; one that says another thing is turned
 * down. `publicUrl`: where users reach us.
 */
export function comesFromOurPage({ headers }: Pick<FastifyRequest, 'headers'>, publicUrl: string): boolean {
  const { origin, 'sec-fetch-site': site } = headers;
  if (site !== undefined && site !== 'same-origin') return false;
  // Our own pages send "null", for they have the policy no-referrer (Fetch standard, "append a request Origin header").
  return origin === undefined || origin === 'null' || origin === new URL(publicUrl).origin;
}

export interface FormTokens {
  /** What a form carries in its hidden field `token`, for one session and what the page has shown. */
  of(session: string, shown?: readonly unknown[]): string;
  isGenuine(token: unknown, session: string, shown?: readonly unknown[]): boolean;
}

/**
 * The proof that a form was sent from a page that we have shown to this session (ASVS 5.0, 3.5.1). Nothing is stored: the token
 * is a keyed hash. `use` keeps the forms of one part of the site apart from those of another.
 */
export function createFormTokens(idKey: KeyObject, use: string): FormTokens {
  const key = derivedKey(idKey, use);
  const digest = (session: string, shown: readonly unknown[]): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([session, ...shown]))
      .digest();
  return {
    of: (session, shown = []) => digest(session, shown).toString('base64url'),
    isGenuine: (token, session, shown = []) => {
      if (typeof token !== 'string') return false;
      const given = Buffer.from(token, 'base64url');
      const expected = digest(session, shown);
      return given.length === expected.length && timingSafeEqual(given, expected);
    },
  };
}
