import { randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { ApiProblem } from '../../problems';
import { comesFromOurPage } from '../html/own-forms';
import type { App } from '../routes/shared';
import { longestSessionMs } from './cookies';
import { sendPlain, type Desk } from './parts';

/** Where a sign-in may lead back to: pages of the desk, and nothing that a browser takes for another host. */
const deskAddress = z
  .string()
  .max(1024)
  .regex(/^\/desk(?:\/[\w-]+)*\/?(?:\?[\w\-/&=%.]*)?$/);

/**
 * The way in and out: `/desk/sign-in` → the issuer → `/desk/callback`. A session is a cookie with the access token in it; it ends with
 * the token, and after 12 hours at the latest.
 */
export function signInRoutes(app: App, desk: Desk): void {
  const { cookies, tokens, publicUrl } = desk;
  const { staffSignIn, authenticate } = desk.desk;

  app.get('/sign-in', { schema: { hide: true, querystring: beginQuery } }, async (request, reply) => {
    const { to, anew } = request.query;
    const { url, secrets } = await staffSignIn.begin({ again: anew !== undefined });
    const sealed = await cookies.signIn.seal({ ...secrets, returnTo: to });
    return reply.setCookie(cookies.signIn.name, sealed, cookies.signIn.options).redirect(url, 303);
  });

  app.get('/callback', { schema: { hide: true } }, async (request, reply) => {
    const signIn = await cookies.signIn.open(request.cookies[cookies.signIn.name]);
    void reply.clearCookie(cookies.signIn.name, cookies.signIn.options); // good for one callback
    const at = request.url.indexOf('?');
    const brought = signIn && (await staffSignIn.finish(at < 0 ? '' : request.url.slice(at), signIn));
    if (signIn === undefined || brought === undefined || brought === 'refused') {
      return notSignedIn(request, reply, 'refused');
    }
    const { accessToken, name } = brought;
    const caller = await authenticate(`Bearer ${accessToken}`, request.ip);
    if (caller === undefined) return notSignedIn(request, reply, 'no_access_token');
    const expiresAt = Math.min(caller.expiresAt ?? Infinity, Date.now() + longestSessionMs);
    const id = randomBytes(16).toString('base64url');
    const session = await cookies.sealSession({ id, accessToken, expiresAt, ...(name === undefined ? {} : { name }) });
    if (session === undefined) return notSignedIn(request, reply, 'too_long');
    audit(request, 'signed_in', caller.name, caller.person);
    // Not a redirect: browsers hold back cookies of `SameSite=Strict` on redirects that another site began.
    return sendPlain(reply.setCookie(cookies.session.name, session.value, session.options), desk, 200, {
      type: 'onward',
      address: signIn.returnTo,
    });
  });

  app.post('/sign-out', { schema: { hide: true } }, async (request, reply) => {
    const session = await cookies.session.open(request.cookies[cookies.session.name]);
    const form = formFields.safeParse(request.body);
    const isOurs =
      comesFromOurPage(request, publicUrl) && form.success && tokens.isGenuine(form.data.token, session?.id ?? '');
    if (session !== undefined && !isOurs) throw formNotOurs();
    return sendPlain(reply.clearCookie(cookies.session.name, cookies.session.options), desk, 200, {
      type: 'signed_out',
    });
  });

  function notSignedIn(request: FastifyRequest, reply: FastifyReply, why: 'refused' | 'no_access_token' | 'too_long') {
    audit(request, why, null);
    return sendPlain(reply, desk, 403, { type: 'not_signed_in', why });
  }
}

export const formNotOurs = (): ApiProblem =>
  new ApiProblem('forbidden', {
    detail:
      'This form did not come from a page of this session. Nothing was done. Go back, load the page again and repeat it.',
  });

function audit(request: FastifyRequest, result: string, caller: string | null, person?: string): void {
  const who = { caller, ...(caller === null ? {} : { kind: 'jwt' }), ...(person === undefined ? {} : { person }) };
  request.log.info({ audit: true, ...who, ip: request.ip, action: 'desk_sign_in', result }, 'audit');
}

const beginQuery = z.object({
  to: deskAddress.default('/desk').catch('/desk'),
  anew: z.string().optional().catch(undefined),
});
const formFields = z.object({ token: z.string().max(100) });
