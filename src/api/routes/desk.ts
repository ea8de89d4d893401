import cookie from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { defined } from '../../enrollment/defined';
import { ApiProblem, type ProblemBody } from '../../problems';
import { callerOf } from '../actor';
import * as atoms from '../atoms';
import { caseRoutes, type ShowRefusal } from '../desk/case-routes';
import { createDeskCookies } from '../desk/cookies';
import { sendPage, sendPlain, staffOf, type Desk, type DeskParts } from '../desk/parts';
import { formNotOurs, signInRoutes } from '../desk/sign-in-routes';
import { noteError } from '../error-handler';
import { guard } from '../guard';
import { renderList } from '../html/desk/list';
import { comesFromOurPage, createFormTokens, takeForms } from '../html/own-forms';
import { visibleTo } from '../ownership';
import { listQuery } from '../schemas';
import type { App } from './shared';

/**
 * The support desk: pages for staff, who sign in at the issuer of the API's tokens. Behind the sign-in stands the guard of the API, and acts
 * go through what its routes go through (docs/decisions/0023-support-desk.md). API keys open nothing here.
 */
export async function deskRoutes(app: App, parts: DeskParts): Promise<void> {
  const { idKey, previousIdKeys, authenticate } = parts.desk;
  const cookies = createDeskCookies(idKey, parts.publicUrl.startsWith('https:'), previousIdKeys);
  const desk: Desk = { ...parts, cookies, tokens: createFormTokens(idKey, 'desk-form') };
  let showRefusal: ShowRefusal = async () => undefined;

  await app.register(cookie);
  takeForms(app);
  app.decorateRequest('deskSession', null);
  app.addHook('onSend', async (_request, reply) => void reply.header('Cache-Control', 'no-store'));
  app.setErrorHandler((error, request, reply) => answer(request, reply, noteError(error, request, reply)));
  app.setNotFoundHandler({ preHandler: app.rateLimit() }, (request, reply) =>
    answer(request, reply, noteError(new ApiProblem('not_found'), request, reply)),
  );
  signInRoutes(app, desk);

  await app.register((staff: App, _options, ready) => {
    guard(staff, {
      authenticate,
      personNeeded: parts.personNeeded,
      credentialOf: async (request) => {
        request.deskSession = (await cookies.session.open(request.cookies[cookies.session.name])) ?? null;
        return request.deskSession === null ? undefined : `Bearer ${request.deskSession.accessToken}`;
      },
    });
    staff.addHook('preValidation', async (request) => {
      if (request.method !== 'GET' && !isOurForm(request)) throw formNotOurs();
    });
    listRoutes(staff, desk);
    ({ showRefusal } = caseRoutes(staff, desk));
    ready();
  });

  function isOurForm(request: FastifyRequest): boolean {
    const form = tokenField.safeParse(request.body);
    const session = request.deskSession;
    return (
      session !== null &&
      comesFromOurPage(request, parts.publicUrl) &&
      form.success &&
      desk.tokens.isGenuine(form.data.token, session.id)
    );
  }

  /** Every problem is a page: the way in, the enrollment with what was refused, or the problem by itself. */
  async function answer(request: FastifyRequest, reply: FastifyReply, problem: ProblemBody): Promise<FastifyReply> {
    const { caller } = request as Partial<Pick<FastifyRequest, 'caller'>>; // only requests behind the guard have it
    if (problem.code === 'unauthorized') return wayIn(request, reply);
    const { status, title, detail } = problem;
    if (caller === null || caller === undefined)
      return sendPlain(reply, desk, status, { type: 'problem', title, detail });
    const staff = staffOf(desk, request);
    if (!caller.scopes.includes('enrollments:read')) return sendPlain(reply, desk, 403, { type: 'no_role', staff });
    // What keeps the page of the enrollment from being shown is in the log; the problem itself is told all the same.
    const refusal = await showRefusal(request, reply, problem).catch(() => undefined);
    return refusal ?? sendPlain(reply, desk, status, { type: 'problem', title, detail, staff });
  }

  function wayIn(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest } = request.headers;
    const address = request.method === 'GET' ? request.url : '/desk';
    // Somebody followed a link from elsewhere: the session may be there, and is not shown on such a way.
    if (request.method === 'GET' && mode === 'navigate' && (site === 'cross-site' || site === 'same-site')) {
      return sendPlain(reply, desk, 200, { type: 'onward', address });
    }
    const again = request.cookies[cookies.session.name] !== undefined || dest === 'empty';
    return sendPlain(reply, desk, 401, { type: 'sign_in', address, again });
  }
}

const tokenField = z.object({ token: z.string().max(100) });

/** The enrollments by what they wait for, and the enrollments of a user or of a phone number. */
function listRoutes(app: App, desk: Desk): void {
  const { enrollments, shell } = desk;

  app.get(
    '/',
    { config: { scope: 'enrollments:read', action: 'list' }, schema: { hide: true, querystring: filterQuery } },
    async (request, reply) => {
      const { cursor, ...filter } = request.query;
      const page = await enrollments.list({
        ...filter,
        ...defined({ cursor }),
        ...visibleTo(callerOf(request)),
        limit: pageSize,
      });
      const html = renderList(shell, { staff: staffOf(desk, request), now: new Date(), page, filter });
      return sendPage(reply, 200, html);
    },
  );

  app.post(
    '/find',
    { config: { scope: 'enrollments:read', action: 'find' }, schema: { hide: true, body: findForm } },
    async (request, reply) => {
      const { who, shown } = request.body.who;
      const page = await enrollments.find(who, { ...visibleTo(callerOf(request)), limit: pageSize });
      const [only, ...others] = page.enrollments;
      if (only !== undefined && others.length === 0 && page.nextCursor === undefined) {
        return reply.redirect(`/desk/cases/${only.id}`, 303);
      }
      const html = renderList(shell, {
        staff: staffOf(desk, request),
        now: new Date(),
        page,
        filter: { found: shown },
      });
      return sendPage(reply, 200, html);
    },
  );
}

const pageSize = 50;

/** A choice of "any" comes as nothing. */
const choice = <Value>(of: z.ZodType<Value, string | undefined>) =>
  z
    .literal('')
    .transform(() => undefined)
    .or(of)
    .optional();

const filterQuery = z
  .object({
    state: choice(listQuery.shape.state.unwrap()),
    factor: choice(listQuery.shape.factor.unwrap()),
    waitingFor: choice(listQuery.shape.waitingFor.unwrap()),
    cursor: choice(listQuery.shape.cursor.unwrap()),
  })
  .transform((query) => defined(query));

/** What a number looks like, right or wrong: no user id of Auth0 is made of these alone. */
const looksLikeNumber = /^[\s(]*\+?[\d\s().\u2010-\u2015\u2212-]+$/;

const findForm = z.object({
  who: z
    .string()
    .trim()
    .min(1, 'a user id or a phone number')
    .transform((text, context) => {
      const read = looksLikeNumber.test(text)
        ? atoms.phoneNumber
            .transform((phoneNumber) => ({ who: { phoneNumber }, shown: 'this phone number' }))
            .safeParse(text)
        : atoms.userId.transform((userId) => ({ who: { userId }, shown: userId })).safeParse(text);
      if (read.success) return read.data;
      context.addIssue({ code: 'custom', message: read.error.issues[0]?.message ?? 'a user id or a phone number' });
      return z.NEVER;
    }),
});
