import { randomUUID, type KeyObject } from 'node:crypto';
import cookie from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { parseCode } from '../../enrollment/commands';
import { defined } from '../../enrollment/defined';
import { isFactorName } from '../../factors';
import type { Links } from '../../links';
import { ApiProblem } from '../../problems';
import type { Enrollments } from '../../temporal/enrollments';
import type { EnrollmentIds } from '../../temporal/ids';
import { accountHolderOf } from '../actor';
import { assertWithin, audit, back, pageOfError, type Done } from '../enroll/answers';
import { countriesIn, likelyCountry } from '../enroll/countries';
import { keyOf, shownOf } from '../enroll/model';
import { noticeOfProblem, noticeOfResult, notices, type Notice } from '../enroll/notices';
import { readEnteredNumber } from '../enroll/numbers';
import { sentFactorOf } from '../enroll/step';
import type { Shell } from '../html/document';
import type { EnrollPage } from '../html/enroll/enroll-page';
import { renderEnrollPage } from '../html/enroll/page';
import { renderPlainPage, renderStopPage, type PlainPage } from '../html/enroll/plain';
import { languageOf, takeLanguageChoice } from '../html/language';
import { wordsOf } from '../html/messages';
import { comesFromOurPage, createFormTokens, takeForms } from '../html/own-forms';
import { pagePolicy } from '../html/policy';
import { createPageEvents } from '../page-events';
import { createPageSessions, type PageSession } from '../page-session';
import type { App } from './shared';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the enrollment page; null elsewhere, and before it is known. */
    pageSession: PageSession | null;
  }
}

export interface EnrollParts {
  readonly enrollments: Enrollments;
  readonly links: Links;
  readonly ids: Pick<EnrollmentIds, 'under'>;
  readonly publicUrl: string;
  readonly shell: Shell;
  /** The countries whose numbers are taken (ISO 3166-1 alpha-2); absent: all. */
  readonly phoneCountries?: readonly string[];
  readonly signIn: { readonly idKey: KeyObject; readonly previousIdKeys?: readonly KeyObject[] };
}

/** Pages of one enrollment that are open at once, in all tabs and on all devices of its user; and all pages of this process. */
const streamLimits = { perCaller: 20, perProcess: 2_000 };

type Fields = Readonly<Record<string, string>>;

/**
 * The enrollment page: where the user, who has signed in by a link, does what there is to do. A session is good for one enrollment
 * and opens nothing else; API keys open nothing here. Every form works without script (docs/decisions/0022-enrollment-page.md).
 */
export async function enrollRoutes(app: App, parts: EnrollParts): Promise<void> {
  const { enrollments, links, ids, publicUrl, shell, phoneCountries } = parts;
  const { idKey, previousIdKeys } = parts.signIn;
  const secure = publicUrl.startsWith('https:');
  const sessions = createPageSessions(idKey, secure, previousIdKeys);
  const tokens = createFormTokens(idKey, 'page-form');
  const events = createPageEvents({ enrollments, keyOf, limits: streamLimits });
  const policy = pagePolicy();
  await app.register(cookie);
  takeForms(app);
  takeLanguageChoice(app, secure);
  app.decorateRequest('pageSession', null);
  app.addHook('preClose', async () => events.close());
  app.addHook('onRequest', async (request) => {
    request.pageSession = (await sessions.open(request.cookies[sessions.name])) ?? null;
  });
  app.addHook('onSend', async (_request, reply) => void reply.header('Cache-Control', 'no-store'));
  app.setErrorHandler((error, request, reply) => {
    const page = pageOfError(error);
    if (page === 'broken') request.log.error({ err: error }, 'page failed');
    return showPlain(request, reply, page);
  });

  // Auth0 and the enrollment have limits of their own; these keep a browser that runs wild away from them.
  const keyGenerator = ({ pageSession, ip }: FastifyRequest) => pageSession?.enrollmentId ?? ip;
  const actsPerCase = app.createRateLimit({ max: 30, timeWindow: 60_000, keyGenerator });
  const looksPerCase = app.createRateLimit({ max: 300, timeWindow: 60_000, keyGenerator });

  look('/enroll', async (request, reply, session) => {
    const { notice, of } = noticeQuery.parse(request.query);
    return showStep(request, reply, session, await pageFor(request, session, notice, of));
  });

  look('/enroll/number', async (request, reply, session) => {
    const page = await pageFor(request, session);
    if (page.step.type === 'number') return showStep(request, reply, session, page);
    return page.mayChangeNumber
      ? showStep(request, reply, session, withNumberForm(request, page))
      : reply.redirect('/enroll', 303);
  });

  look('/enroll/stop', async (request, reply, session) => {
    const html = renderStopPage(shell, wordsFor(request), tokens.of(session.sessionId));
    return sendHtml(reply, 200, html);
  });

  look('/enroll/recovery-code.txt', async (request, reply, { enrollmentId }) => {
    const { recoveryCode } = await enrollments.challenge(enrollmentId);
    if (recoveryCode === undefined) return reply.redirect('/enroll', 303);
    const about = wordsFor(request).text('recovery.file', { name: shell.brand.name });
    return reply
      .type('text/plain; charset=utf-8')
      .header('Content-Disposition', 'attachment; filename="recovery-code.txt"')
      .send(`${about}\r\n\r\n${recoveryCode}\r\n`);
  });

  app.get('/enroll/events', { schema: { hide: true } }, async (request, reply) => {
    if (request.pageSession === null) return showPlain(request, reply, 'no_session');
    await assertWithin(looksPerCase, request);
    const { enrollmentId, expiresAt } = request.pageSession;
    return events.send(reply, { enrollmentId, countedWith: enrollmentId, expiresAt });
  });

  act('/enroll/code', 'submit_code', async ({ enrollmentId }, { factor, code = '', challengeId = '' }) => {
    const digits = parseCode(code);
    if (digits === undefined || !isFactorName(factor)) {
      return { type: 'refused', refused: { field: 'code', value: code.slice(0, 20) } };
    }
    const by = accountHolderOf(ids.under(enrollmentId));
    const input = { factor, code: digits, ...(challengeId === '' ? {} : { challengeId: challengeId.slice(0, 100) }) };
    const answer = await enrollments.confirmCode(enrollmentId, input, updateId(), by);
    const notice = noticeOfResult(answer?.result);
    const of = answer === undefined ? challengeId.slice(0, 100) : undefined;
    return { type: 'back', ...defined({ notice, of }), result: answer?.result ?? 'pending' };
  });

  act('/enroll/number', 'change_phone_number', async ({ enrollmentId }, { number = '', country = '' }) => {
    const read = readEnteredNumber(number.slice(0, 40), country, phoneCountries);
    if (read.type === 'refused') {
      return { type: 'refused', refused: { field: 'number', value: number.slice(0, 40), why: read.why } };
    }
    const by = accountHolderOf(ids.under(enrollmentId));
    await enrollments.changePhoneNumber(enrollmentId, read.number, updateId(), by);
    return { type: 'back' };
  });

  act('/enroll/resend', 'resend', async ({ enrollmentId }) => {
    await enrollments.resend(enrollmentId, updateId());
    return { type: 'back' };
  });

  act('/enroll/recovery-code', 'acknowledge_recovery_code', async ({ enrollmentId }) => {
    await enrollments.acknowledgeRecoveryCode(enrollmentId, updateId(), accountHolderOf(ids.under(enrollmentId)));
    return { type: 'back' };
  });

  act('/enroll/sign-in', 'create_link', async ({ enrollmentId }) => {
    const { url } = await links.create(enrollmentId);
    return { type: 'elsewhere', path: url.slice(publicUrl.length) };
  });

  act('/enroll/stop', 'cancel', async ({ enrollmentId }) => {
    const { state } = await enrollments.cancel(enrollmentId, 'the user stopped it on the enrollment page');
    return { type: 'back', result: state };
  });

  app.post('/enroll/leave', { schema: { hide: true } }, async (request, reply) => {
    if (request.pageSession !== null && !isOurForm(request, request.pageSession)) return back(reply, 'form_not_ours');
    return showPlain(request, reply.clearCookie(sessions.name, sessions.options), 'left');
  });

  /** A page of the session. */
  function look(
    path: string,
    show: (request: FastifyRequest, reply: FastifyReply, session: PageSession) => Promise<FastifyReply>,
  ): void {
    app.get(path, { schema: { hide: true } }, async (request, reply) => {
      if (request.pageSession === null) return showPlain(request, reply, 'no_session');
      await assertWithin(looksPerCase, request);
      return show(request, reply, request.pageSession);
    });
  }

  /** A form of the session. Whatever comes of it, a page is shown that can be loaded again without doing it again. */
  function act(path: string, action: string, perform: (session: PageSession, fields: Fields) => Promise<Done>): void {
    app.post(path, { schema: { hide: true } }, async (request, reply) => {
      const session = request.pageSession;
      if (session === null) return showPlain(request, reply, 'no_session');
      const done = await outcomeOf(request, session, perform);
      audit(request, action, session, done);
      switch (done.type) {
        case 'back':
          return back(reply, done.notice, done.of);
        case 'elsewhere':
          return reply.redirect(done.path, 303);
        case 'refused': {
          const page = await pageFor(request, session);
          const shown = done.refused.field === 'number' ? withNumberForm(request, page) : page;
          return showStep(request, reply.code(422), session, { ...shown, refused: done.refused });
        }
      }
    });
  }

  async function outcomeOf(
    request: FastifyRequest,
    session: PageSession,
    perform: (session: PageSession, fields: Fields) => Promise<Done>,
  ): Promise<Done> {
    if (!isOurForm(request, session)) return { type: 'back', notice: 'form_not_ours' };
    try {
      await assertWithin(actsPerCase, request);
      return await perform(session, formFields.parse(request.body));
    } catch (error) {
      const notice = error instanceof ApiProblem ? noticeOfProblem(error.code) : undefined;
      if (notice !== undefined) return { type: 'back', notice };
      // Too many wrong codes: the page says so, and until when.
      if (error instanceof ApiProblem && error.code === 'rate_limited') return { type: 'back', result: error.code };
      throw error;
    }
  }

  function isOurForm(request: FastifyRequest, { sessionId }: PageSession): boolean {
    const fields = formFields.safeParse(request.body);
    return comesFromOurPage(request, publicUrl) && fields.success && tokens.isGenuine(fields.data['token'], sessionId);
  }

  /** What the page shows now. `of`: the challenge whose code has come and is not checked yet, with the notice `code_pending`. */
  async function pageFor(
    request: FastifyRequest,
    { enrollmentId, sessionId }: PageSession,
    notice?: Notice,
    of?: string,
  ): Promise<EnrollPage> {
    const shown = await shownOf(enrollments, enrollmentId);
    const { step } = shown;
    const isPending =
      notice === 'code_pending' &&
      (step.type === 'code' || step.type === 'app') &&
      step.challengeId === of &&
      !step.rejected;
    const page = {
      ...shown,
      ...(isPending ? { step: { type: 'checking' } as const } : {}),
      ...defined({ notice: notice === 'code_pending' && !isPending ? undefined : notice }),
      ...{ formToken: tokens.of(sessionId), now: new Date().toISOString() },
      ...{ isNumberChosen: false, countries: [] },
    };
    return step.type === 'number' ? { ...page, ...numberForm(request) } : page;
  }

  function withNumberForm(request: FastifyRequest, page: EnrollPage): EnrollPage {
    if (page.step.type === 'number') return page;
    const step = { type: 'number', factor: sentFactorOf(page) } as const;
    return { ...page, step, ...numberForm(request), isNumberChosen: true };
  }

  function numberForm(request: FastifyRequest): Pick<EnrollPage, 'countries' | 'country'> {
    const language = languageOf(request);
    const countries = countriesIn(language, phoneCountries);
    const sent = formFields.safeParse(request.body);
    const chosen = countries.find(({ code }) => sent.success && code === sent.data['country'])?.code;
    return { countries, ...defined({ country: chosen ?? likelyCountry(request.headers, language, countries) }) };
  }

  function showStep(request: FastifyRequest, reply: FastifyReply, _session: PageSession, page: EnrollPage) {
    return sendHtml(reply, reply.statusCode, renderEnrollPage(shell, wordsFor(request), page));
  }

  function showPlain(request: FastifyRequest, reply: FastifyReply, page: PlainPage): FastifyReply {
    const { status, html } = renderPlainPage(shell, wordsFor(request), page);
    return sendHtml(reply, status, html);
  }

  function sendHtml(reply: FastifyReply, status: number, html: string): FastifyReply {
    return reply.code(status).type('text/html; charset=utf-8').header('Content-Security-Policy', policy).send(html);
  }
}

const wordsFor = (request: FastifyRequest) => wordsOf(languageOf(request));

const formFields = z.record(z.string(), z.string()).catch({});
const noticeQuery = z.object({
  notice: z.enum(notices).optional().catch(undefined),
  of: z.string().max(100).optional().catch(undefined),
});

const updateId = (): string => `upd_${randomUUID()}`;
