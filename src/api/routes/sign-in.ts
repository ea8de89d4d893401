import { createHash, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';
import cookie from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { authorizeUrl, pkceChallenge } from '../../auth0/authorize';
import type { MfaClient } from '../../auth0/mfa';
import { defined } from '../../enrollment/defined';
import { readToken } from '../../enrollment/token-owner';
import type { Enrollments } from '../enrollments';
import type { Links } from '../links';
import { ApiProblem } from '../problems';
import { isOutcome } from '../runs';
import { createSignInCookie, type SignIn } from '../sign-in-cookie';
import { renderPage, signInPages, type SignInPage } from '../sign-in-pages';
import type { App } from './shared';

export interface SignInParts {
  readonly enrollments: Enrollments;
  readonly links: Links;
  readonly publicUrl: string;
  readonly signIn: {
    readonly idKey: KeyObject;
    readonly auth0: {
      readonly domain: string;
      readonly baseUrl: string;
      readonly audience: string;
      readonly clientId: string;
    };
    readonly exchangeCode: MfaClient['exchangeCode'];
  };
}

/**
 * The user's own way to bring the token: link → Auth0 → callback → the enrollment. Nobody is asked for an API key here. The link
 * says which enrollment, Auth0 says who signed in, and the two must belong together.
 */
export async function signInRoutes(app: App, parts: SignInParts): Promise<void> {
  const { enrollments, links, publicUrl } = parts;
  const { auth0, exchangeCode, idKey } = parts.signIn;
  const redirectUri = `${publicUrl}/sign-in/callback`;
  const signInCookie = createSignInCookie(idKey, publicUrl.startsWith('https:'));
  await app.register(cookie);
  app.addHook('onSend', async (_request, reply) => void reply.header('Cache-Control', 'no-store'));

  app.get('/sign-in/:link', { schema: { hide: true, params: linkParams } }, async (request, reply) => {
    const link = await links.read(request.params.link);
    if (link === undefined) return show(reply, 'linkOver');
    const page = await refusal(link);
    if (page !== undefined) return show(reply, page);

    const state = randomBytes(32).toString('base64url');
    const codeVerifier = randomBytes(32).toString('base64url');
    const sealed = await signInCookie.seal({ ...link, state, codeVerifier });
    return reply
      .setCookie(signInCookie.name, sealed, signInCookie.options)
      .redirect(authorizeUrl({ ...auth0, redirectUri, state, codeChallenge: pkceChallenge(codeVerifier) }), 303);
  });

  app.get('/sign-in/callback', { schema: { hide: true, querystring: callbackQuery } }, async (request, reply) => {
    const signIn = await signInCookie.open(request.cookies[signInCookie.name] ?? '');
    void reply.clearCookie(signInCookie.name, signInCookie.options); // good for one callback
    const page = signIn === undefined ? 'otherBrowser' : await finish(request, signIn, request.query);
    if (signIn !== undefined) auditSignIn(request, signIn, page);
    return show(reply, page);
  });

  /** Why a link leads nowhere. A link is spent once the enrollment has taken a token under its name, and Temporal remembers that. */
  async function refusal({
    enrollmentId,
    linkId,
  }: {
    enrollmentId: string;
    linkId: string;
  }): Promise<SignInPage | undefined> {
    return asPage(async () => {
      if (await enrollments.isUpdateKnown(enrollmentId, updateIdOf(linkId))) return 'linkOver';
      return isOutcome(await enrollments.get(enrollmentId)) ? 'caseOver' : undefined;
    });
  }

  async function finish(
    request: FastifyRequest,
    signIn: SignIn,
    query: z.infer<typeof callbackQuery>,
  ): Promise<SignInPage> {
    if (!isSame(query.state ?? '', signIn.state)) return 'otherBrowser';
    if (query.code === undefined) return 'notSignedIn';
    const tokens = await exchangeCode({ code: query.code, codeVerifier: signIn.codeVerifier, redirectUri }).catch(
      (error: unknown) => void request.log.warn({ err: error }, 'authorization code not exchanged'),
    );
    if (tokens === undefined) return 'notSignedIn';
    const { accessToken, expiresIn, refreshToken } = tokens;
    // Closed, should Auth0 ever send a token that does not say whose it is: a link must not enroll whoever opens it.
    const owner = readToken(accessToken);
    if (owner.type === 'opaque' || !enrollments.isOf(signIn.enrollmentId, owner.subject)) return 'otherUser';
    const token = { accessToken, expiresIn, ...defined({ refreshToken }) };
    const refused = await refusal(signIn);
    if (refused !== undefined) return refused;
    return asPage(async () => {
      const first = await enrollments.spendLink(signIn.enrollmentId, token, updateIdOf(signIn.linkId));
      return first ? 'done' : 'linkOver';
    });
  }
}

const linkParams = z.object({ link: z.string().max(1024) });
const callbackQuery = z.looseObject({ code: z.string().max(2048).optional(), state: z.string().max(200).optional() });

const updateIdOf = (linkId: string): string => `link_${linkId}`;

async function asPage<Page extends SignInPage | undefined>(
  call: () => Promise<Page>,
): Promise<Page | 'unavailable' | 'caseOver'> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    return error.code === 'unavailable' ? 'unavailable' : 'caseOver';
  }
}

const show = (reply: FastifyReply, page: SignInPage) =>
  reply.code(signInPages[page].status).type('text/html; charset=utf-8').send(renderPage(page));

function auditSignIn(request: FastifyRequest, { enrollmentId }: SignIn, result: SignInPage): void {
  request.log.info({ audit: true, caller: 'user', action: 'sign_in', enrollment: enrollmentId, result }, 'audit');
}

/** In a time that tells nothing of where they differ. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
