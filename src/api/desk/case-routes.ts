import { createHash, randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CodeResult } from '../../enrollment/commands';
import { defined } from '../../enrollment/defined';
import type { ProblemBody } from '../../problems';
import { isOutcome, type EnrollmentView } from '../../temporal/enrollments/runs';
import { callerOf } from '../actor';
import * as atoms from '../atoms';
import { renderCase } from '../html/desk/case';
import { deskActs, saids, type CasePage, type DeskAct, type Refusal, type Said } from '../html/desk/model';
import { createPageEvents } from '../page-events';
import type { App } from '../routes/shared';
import * as schemas from '../schemas';
import { roleOf, sendPage, staffOf, type Desk } from './parts';

type CaseRequest = FastifyRequest<{ Params: { id: string } }>;

/** One enrollment: its page, the stream that keeps the page right, and what staff do to it. Behind the guard, as the routes of the API are. */
export function caseRoutes(app: App, desk: Desk): { showRefusal: ShowRefusal } {
  const { enrollments, ownership, acts, shell } = desk;
  const events = createPageEvents({ enrollments, keyOf, limits: { perCaller: 50, perProcess: 500 } });
  app.addHook('preClose', async () => events.close());
  const params = schemas.enrollmentParams;

  app.get(
    '/cases/:id',
    {
      config: { scope: 'enrollments:read', action: 'read' },
      schema: { hide: true, params, querystring: z.object({ said: z.enum(saids).optional().catch(undefined) }) },
    },
    (request, reply) => show(request, reply, 200, defined({ said: request.query.said })),
  );

  app.get(
    '/cases/:id/events',
    { config: { scope: 'enrollments:read', action: 'watch' }, schema: { hide: true, params } },
    async (request, reply) => {
      const { id } = request.params;
      const caller = callerOf(request);
      await ownership.check(caller, id, 'read');
      return events.send(reply, {
        enrollmentId: id,
        countedWith: caller.name,
        expiresAt: request.deskSession?.expiresAt ?? 0,
      });
    },
  );

  const codeForm = form({ code: atoms.code, challengeId: schemas.otpBody.shape.challengeId });
  app.post(
    '/cases/:id/binding-code',
    {
      config: { scope: 'enrollments:code', action: 'submit_binding_code' },
      schema: { hide: true, params, body: codeForm.extend({ factor: schemas.bindingCodeBody.shape.factor }) },
    },
    async (request, reply) => {
      const { code, factor, challengeId, key } = request.body;
      const answer = await acts.submitCode(request, { code, factor, ...defined({ challengeId }) }, key);
      return done(request, reply, saidOf(answer?.result));
    },
  );

  app.post(
    '/cases/:id/otp',
    { config: { scope: 'enrollments:code', action: 'submit_otp' }, schema: { hide: true, params, body: codeForm } },
    async (request, reply) => {
      const { code, challengeId, key } = request.body;
      const answer = await acts.submitCode(request, { code, factor: 'otp', ...defined({ challengeId }) }, key);
      return done(request, reply, saidOf(answer?.result));
    },
  );

  app.post(
    '/cases/:id/resend',
    {
      config: { scope: 'enrollments:manage', action: 'resend' },
      schema: { hide: true, params, body: form({ reason: schemas.reason }) },
    },
    async (request, reply) => {
      await acts.resend(request, request.body.key);
      return done(request, reply, 'resent');
    },
  );

  app.post(
    '/cases/:id/phone-number',
    {
      config: { scope: 'enrollments:manage', action: 'change_phone_number' },
      schema: { hide: true, params, body: form({ phoneNumber: atoms.phoneNumber, reason: schemas.reason }) },
    },
    async (request, reply) => {
      await acts.changePhoneNumber(request, request.body.phoneNumber, request.body.key);
      return done(request, reply, 'number_changed');
    },
  );

  app.post(
    '/cases/:id/links',
    {
      config: { scope: 'enrollments:link', action: 'create_link' },
      schema: { hide: true, params, body: form({ reason: schemas.reason }) },
    },
    async (request, reply) => {
      request.audited.reason = request.body.reason; // the API asks for none; whoever makes one by hand says why
      const link = await acts.createLink(request, request.body.key);
      return show(request, reply, 200, { link });
    },
  );

  app.post(
    '/cases/:id/cancel',
    {
      config: { scope: 'enrollments:manage', action: 'cancel' },
      schema: { hide: true, params, body: form({ reason: schemas.reason }) },
    },
    async (request, reply) =>
      done(request, reply, isOutcome(await acts.cancel(request)) ? 'cancelled' : 'cancel_asked'),
  );

  return { showRefusal };

  async function show(
    request: CaseRequest,
    reply: FastifyReply,
    status: number,
    more: Pick<CasePage, 'said' | 'refusal' | 'link'>,
  ): Promise<FastifyReply> {
    const { id } = request.params;
    const caller = callerOf(request);
    const enrollment = await enrollments.get(id, ownership.admits(caller, id, 'read'));
    const page: CasePage = {
      staff: staffOf(desk, request),
      enrollment,
      timeline: await enrollments.timeline(id).catch((error: unknown) => {
        request.log.warn({ err: error }, 'timeline not read');
        return undefined;
      }),
      key: keyOf(enrollment),
      now: new Date(),
      temporalUrl: roleOf(caller) === 'ops' ? desk.desk.temporalUrlOf(id) : undefined,
      formKey: randomBytes(16).toString('base64url'),
      ...more,
    };
    return sendPage(reply, status, renderCase(shell, page));
  }

  /** The page of the enrollment again, with why nothing was done; undefined where the request is no act on an enrollment. */
  async function showRefusal(request: FastifyRequest, reply: FastifyReply, problem: ProblemBody) {
    const params = schemas.enrollmentParams.safeParse(request.params);
    const act = deskActs.find((name) => request.routeOptions.url?.endsWith(`/cases/:id/${name}`));
    if (!params.success || act === undefined || request.method !== 'POST') return undefined;
    return show(request as CaseRequest, reply, problem.status, { refusal: refusalOf(act, request.body, problem) }); // params are checked above
  }
}

export type ShowRefusal = (
  request: FastifyRequest,
  reply: FastifyReply,
  problem: ProblemBody,
) => Promise<FastifyReply | undefined>;

/** The page comes again as it is now: a browser that loads it once more repeats nothing. */
const done = ({ params }: CaseRequest, reply: FastifyReply, said: Said) =>
  reply.redirect(`/desk/cases/${params.id}?said=${said}`, 303);

const saidOf = (result: CodeResult | undefined): Said => result ?? 'pending';

/** Every form of an enrollment: `key` makes a form that is sent twice one act. `token` was checked before. */
function form<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const key = z
    .string()
    .regex(/^[\w-]{22}$/)
    .exactOptional();
  return z.object({ ...shape, key });
}

const typedFields = z.object({
  reason: z.string().max(200).optional().catch(undefined),
  phoneNumber: z.string().max(40).optional().catch(undefined),
});

function refusalOf(act: DeskAct, body: unknown, { code, title, detail, errors }: ProblemBody): Refusal {
  const typed = defined(typedFields.parse(body ?? {}));
  const wrong = errors?.flatMap(({ field, expected }) => {
    const known = fields.find(({ name }) => name === field);
    return known === undefined ? [] : [{ ...known, expected }];
  })[0];
  return wrong === undefined
    ? { act, code, title, ...defined({ detail }), typed }
    : { act, code, title: wrong.title, detail: `Expected: ${wrong.expected}.`, field: wrong.name, typed };
}

const fields = [
  { name: 'code', title: 'This is no code' },
  { name: 'phoneNumber', title: 'This number is not taken' },
  { name: 'reason', title: 'A reason is needed' },
] as const;

/** A hash of all that the page shows of an enrollment. */
const keyOf = (view: EnrollmentView): string =>
  createHash('sha256').update(JSON.stringify(view)).digest('base64url').slice(0, 22);
