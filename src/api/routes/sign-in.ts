import { createHash, randomBytes, timingSafeEqual, type KeyObject } from 'node:crypto';
import cookie from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { authorizeUrl, pkceChallenge } from '../../auth0/authorize';
import type { CheckIdToken } from '../../auth0/id-token';
import type { MfaClient } from '../../auth0/mfa';
import { defined } from '../../enrollment/defined';
import type { Link, Links } from '../../links';
import { ApiProblem } from '../../problems';
import type { Enrollments } from '../../temporal/enrollments';
import { isOutcome, type EnrollmentView } from '../../temporal/enrollments/runs';
import type { Shell } from '../html/document';
import { languageOf, takeLanguageChoice } from '../html/language';
import { wordsOf } from '../html/messages';
import { comesFromOurPage, takeForms } from '../html/own-forms';
import { pagePolicy } from '../html/policy';
import { consentNotices, renderSignInPage, type ConsentNotice, type SignInPage } from '../html/sign-in';
import { createPageSessions } from '../page-session';
import { createSignInCheck, type Tokens } from '../sign-in-check';
import { createSignInCookie, type SignIn } from '../sign-in-cookie';
import { createConsentForm, type Shown } from '../sign-in-form';
import type { App } from './shared';

export interface SignInParts {
  readonly shell: Shell;
  readonly enrollments: Enrollments;
  readonly links: Links;
  readonly publicUrl: string;
  readonly signIn: {
    readonly idKey: KeyObject;
    /** What `idKey` was before: sign-ins that were under way then still come to their end. */
    readonly previousIdKeys?: readonly KeyObject[];
    readonly auth0: {
      readonly domain: string;
      readonly baseUrl: string;
      readonly audience: string;
      readonly clientId: string;
    };
    readonly exchangeCode: MfaClient['exchangeCode'];
    readonly checkIdToken: CheckIdToken;
  };
}

/** A link that works, and what it would bind now. */
interface Opened {
  readonly type: 'opened';
  readonly link: Link;
  /** As it stands in the address. */
  readonly text: string;
  readonly enrollment: EnrollmentView;
}

/** `again`: the consent page, for what it has shown is no longer so. `signed_in`: the enrollment has its token. */
type Ending =
  | { readonly type: 'page'; readonly page: SignInPage }
  | { readonly type: 'again'; readonly notice: ConsentNotice }
  | { readonly type: 'signed_in' };

/**
 * The user's own way to bring the token: link → page that shows what would be bound → Auth0 → callback → the enrollment. Nobody
 * is asked for an API key here. The link says which enrollment, the page asks the user, Auth0 says who has signed in just now,
 * and all of it must belong together (docs/decisions/0010-sign-in-links.md, 0017-consent-before-binding.md).
 */
export async function signInRoutes(app: App, parts: SignInParts): Promise<void> {
  const { enrollments, links, publicUrl, shell } = parts;
  const { auth0, exchangeCode, checkIdToken, idKey, previousIdKeys } = parts.signIn;
  const doubtAbout = createSignInCheck({ checkIdToken, isOf: (id, user) => enrollments.isOf(id, user) });
  const redirectUri = `${publicUrl}/sign-in/callback`;
  const secure = publicUrl.startsWith('https:');
  const signInCookie = createSignInCookie(idKey, secure, previousIdKeys);
  const form = createConsentForm(idKey, secure);
  const pageSessions = createPageSessions(idKey, secure, previousIdKeys);
  // `form-action` cannot name the tenant alone: browsers hold every redirect that follows a form against it, and a tenant may send
  // the user on to another identity provider. In development the tenant is an http origin, which `https:` does not cover.
  const policy = pagePolicy('https:', new URL(auth0.baseUrl).origin);
  await app.register(cookie);
  app.addHook('onSend', async (_request, reply) => void reply.header('Cache-Control', 'no-store'));
  takeForms(app);
  takeLanguageChoice(app, secure);

  // Opening a link changes nothing: scanners, previews and other people's pages do it too.
  app.get(
    '/sign-in/:link',
    { schema: { hide: true, params: linkParams, querystring: linkQuery } },
    async (request, reply) => {
      const opened = await open(request.params.link);
      if (opened.type !== 'opened') {
        return (await isSignedInFor(request, request.params.link))
          ? reply.redirect('/enroll', 303)
          : show(request, reply, opened);
      }
      return showConsent(request, reply, opened, request.query.notice);
    },
  );

  app.post('/sign-in/:link', { schema: { hide: true, params: linkParams } }, async (request, reply) => {
    const opened = await open(request.params.link);
    if (opened.type !== 'opened') return show(request, reply, opened);
    const { link, text, enrollment } = opened;
    if (!isOurForm(request, opened)) {
      audit(request, 'consent', link.enrollmentId, 'form_not_ours');
      return showConsent(request, reply, opened, 'form_not_ours');
    }
    audit(request, 'consent', link.enrollmentId, 'continued');
    const [state, codeVerifier, nonce] = [secret(), secret(), secret()];
    const { phoneNumberChanges } = enrollment;
    const sealed = await signInCookie.seal({
      ...{ enrollmentId: link.enrollmentId, linkId: link.linkId, link: text },
      ...{ phoneNumberChanges, agreedAt: Date.now(), state, codeVerifier, nonce },
    });
    return reply
      .setCookie(signInCookie.name, sealed, signInCookie.options)
      .redirect(authorizeUrl({ ...auth0, redirectUri, state, nonce, codeChallenge: pkceChallenge(codeVerifier) }), 303);
  });

  app.post('/sign-in/:link/not-me', { schema: { hide: true, params: linkParams } }, async (request, reply) => {
    const opened = await open(request.params.link);
    if (opened.type !== 'opened') return show(request, reply, opened);
    const { enrollmentId } = opened.link;
    if (!isOurForm(request, opened)) {
      audit(request, 'decline', enrollmentId, 'form_not_ours');
      return showConsent(request, reply, opened, 'form_not_ours');
    }
    const page = await decline(enrollmentId);
    audit(request, 'decline', enrollmentId, page.type);
    return show(request, reply, page);
  });

  app.get('/sign-in/callback', { schema: { hide: true, querystring: callbackQuery } }, async (request, reply) => {
    const signIn = await signInCookie.open(request.cookies[signInCookie.name] ?? '');
    void reply.clearCookie(signInCookie.name, signInCookie.options); // good for one callback
    if (signIn === undefined) return show(request, reply, { type: 'other_browser' });
    const ending = await finish(request, signIn, request.query);
    audit(request, 'sign_in', signIn.enrollmentId, resultOf(ending));
    switch (ending.type) {
      case 'page':
        return show(request, reply, ending.page);
      case 'again':
        return reply.redirect(`/sign-in/${signIn.link}?notice=${ending.notice}`, 303);
      case 'signed_in':
        return reply
          .setCookie(pageSessions.name, await pageSessions.begin(signIn.enrollmentId), pageSessions.options)
          .redirect('/enroll', 303);
    }
  });

  /** A link is spent once the enrollment has taken a token under its name, and Temporal remembers that. */
  async function open(text: string): Promise<Opened | SignInPage> {
    const link = await links.read(text);
    if (link === undefined) return { type: 'link_over' };
    return orPage(link.enrollmentId, async () => {
      const { enrollmentId, linkId } = link;
      const enrollment = await enrollments.get(enrollmentId);
      if (isOutcome(enrollment)) return endedPage(enrollment);
      if (await enrollments.isUpdateKnown(enrollmentId, updateIdOf(linkId))) return { type: 'link_over' };
      return { type: 'opened', link, text, enrollment };
    });
  }

  async function showConsent(request: FastifyRequest, reply: FastifyReply, opened: Opened, notice?: ConsentNotice) {
    const { link, text, enrollment } = opened;
    const page = await orPage(link.enrollmentId, async (): Promise<SignInPage> => {
      const askedBy = await enrollments.askedBy(link.enrollmentId);
      const browserValue = form.browserValue(request.cookies[form.name]);
      void reply.setCookie(form.name, browserValue, form.options);
      return {
        type: 'consent',
        plan: enrollment,
        ...defined({ askedBy, notice }),
        expiresAt: link.expiresAt,
        path: `/sign-in/${text}`,
        formToken: form.token(browserValue, shownOf(opened)),
      };
    });
    return show(request, reply, page);
  }

  /** Did the user press a button of our page, and does the page still say what is so? A browser that says more is asked more. */
  function isOurForm(request: FastifyRequest, opened: Opened): boolean {
    if (!comesFromOurPage(request, publicUrl)) return false;
    const fields = formFields.safeParse(request.body);
    return fields.success && form.isGenuine(fields.data.token, request.cookies[form.name], shownOf(opened));
  }

  async function decline(enrollmentId: string): Promise<SignInPage> {
    return orPage(enrollmentId, async () => {
      const askedBy = await enrollments.askedBy(enrollmentId);
      const enrollment = await enrollments.cancel(enrollmentId, 'the user said it is not them');
      if (isOutcome(enrollment) && enrollment.state !== 'cancelled') return endedPage(enrollment);
      return { type: 'declined', plan: enrollment, stopped: isOutcome(enrollment), ...defined({ askedBy }) };
    });
  }

  async function finish(
    request: FastifyRequest,
    signIn: SignIn,
    query: z.infer<typeof callbackQuery>,
  ): Promise<Ending> {
    if (!isSame(query.state ?? '', signIn.state)) return page({ type: 'other_browser' });
    if (query.code === undefined) return page({ type: 'not_signed_in' });
    const tokens = await exchangeCode({ code: query.code, codeVerifier: signIn.codeVerifier, redirectUri }).catch(
      (error: unknown) => void request.log.warn({ err: error }, 'authorization code not exchanged'),
    );
    if (tokens === undefined) return page({ type: 'not_signed_in' });
    const doubt = await doubtAbout(request.log, signIn, tokens);
    if (doubt !== undefined) return page(doubt);
    return bring(signIn, tokens);
  }

  /** Gives the enrollment its token, if it still is what the user has agreed to. */
  async function bring(signIn: SignIn, { accessToken, expiresIn, refreshToken }: Tokens): Promise<Ending> {
    const { enrollmentId, linkId, link, phoneNumberChanges } = signIn;
    const opened = await open(link);
    if (opened.type !== 'opened') return page(opened);
    if (opened.enrollment.phoneNumberChanges !== phoneNumberChanges) return { type: 'again', notice: 'number_changed' };
    const token = { accessToken, expiresIn, ...defined({ refreshToken }) };
    try {
      const first = await enrollments.spendLink(enrollmentId, token, updateIdOf(linkId), { phoneNumberChanges });
      return first ? { type: 'signed_in' } : page({ type: 'link_over' });
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'number_changed')
        return { type: 'again', notice: 'number_changed' };
      return page(await pageOf(error, enrollmentId));
    }
  }

  async function orPage<Answer>(enrollmentId: string, call: () => Promise<Answer>): Promise<Answer | SignInPage> {
    try {
      return await call();
    } catch (error) {
      return pageOf(error, enrollmentId);
    }
  }

  /** What the user is shown in place of a problem. Rethrows everything that is none. */
  async function pageOf(error: unknown, enrollmentId: string): Promise<SignInPage> {
    if (!(error instanceof ApiProblem)) throw error;
    if (error.code === 'enrollment_settled') {
      const enrollment = await enrollments.get(enrollmentId).catch(() => undefined);
      if (enrollment !== undefined && isOutcome(enrollment)) return endedPage(enrollment);
    }
    return { type: error.code === 'enrollment_not_found' ? 'link_over' : 'unavailable' };
  }

  /** Has this browser's user signed in for the enrollment of this link already? */
  async function isSignedInFor(request: FastifyRequest, text: string): Promise<boolean> {
    const [session, enrollmentId] = await Promise.all([
      pageSessions.open(request.cookies[pageSessions.name]),
      links.enrollmentOf(text),
    ]);
    return session !== undefined && session.enrollmentId === enrollmentId;
  }

  function show(request: FastifyRequest, reply: FastifyReply, shown: SignInPage): FastifyReply {
    const { status, html } = renderSignInPage(shell, wordsOf(languageOf(request)), shown);
    return reply.code(status).type('text/html; charset=utf-8').header('Content-Security-Policy', policy).send(html);
  }
}

const linkParams = z.object({ link: z.string().max(1024) });
const linkQuery = z.looseObject({
  notice: z.enum(consentNotices).optional().catch(undefined),
});
const formFields = z.object({ token: z.string().max(100) });
const callbackQuery = z.looseObject({ code: z.string().max(2048).optional(), state: z.string().max(200).optional() });

const updateIdOf = (linkId: string): string => `link_${linkId}`;

const secret = (): string => randomBytes(32).toString('base64url');

const shownOf = ({ link, enrollment }: Opened): Shown => ({
  linkId: link.linkId,
  phoneNumberChanges: enrollment.phoneNumberChanges,
  phoneNumber: enrollment.phoneNumber,
});

function resultOf(ending: Ending): string {
  switch (ending.type) {
    case 'page':
      return ending.page.type;
    case 'again':
      return ending.notice;
    case 'signed_in':
      return 'signed_in';
  }
}

const page = (shown: SignInPage): Ending => ({ type: 'page', page: shown });

const endedPage = (enrollment: EnrollmentView): SignInPage => ({
  type: 'ended',
  plan: enrollment,
  state: enrollment.state,
});

function audit(request: FastifyRequest, action: string, enrollment: string, result: string): void {
  request.log.info({ audit: true, caller: 'user', kind: 'user', ip: request.ip, action, enrollment, result }, 'audit');
}

/** In a time that tells nothing of where they differ. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
