import type { KeyObject } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticate, Caller } from '../access';
import type { Acts } from '../acts';
import { callerOf } from '../actor';
import type { Shell } from '../html/document';
import type { DeskRole, Staff } from '../html/desk/model';
import { renderPlainDesk, type PlainDeskPage } from '../html/desk/plain';
import type { FormTokens } from '../html/own-forms';
import { pagePolicy } from '../html/policy';
import type { RouteParts } from '../routes/shared';
import type { DeskCookies, DeskSession } from './cookies';
import type { StaffSignIn } from './staff-sign-in';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the support desk; null elsewhere, and before it is known. */
    deskSession: DeskSession | null;
  }
}

/** How the desk knows its staff. */
export interface DeskSignInParts {
  readonly idKey: KeyObject;
  readonly previousIdKeys?: readonly KeyObject[];
  readonly staffSignIn: StaffSignIn;
  /** Takes access tokens of the issuer and nothing else: an API key opens nothing here. */
  readonly authenticate: Authenticate;
  /** The page of an enrollment in Temporal's web interface; undefined where there is none. */
  readonly temporalUrlOf: (id: string) => string | undefined;
}

export interface DeskParts extends Pick<RouteParts, 'enrollments' | 'ownership'> {
  readonly desk: DeskSignInParts;
  readonly acts: Acts;
  readonly shell: Shell;
  readonly publicUrl: string;
  /** Must who acts be known as a person? Outside of development they must. */
  readonly personNeeded: boolean;
}

/** What the routes of the desk share. */
export interface Desk extends DeskParts {
  readonly cookies: DeskCookies;
  readonly tokens: FormTokens;
}

const policy = pagePolicy();

export const sendPage = (reply: FastifyReply, status: number, html: string): FastifyReply =>
  reply.code(status).type('text/html; charset=utf-8').header('Content-Security-Policy', policy).send(html);

export const sendPlain = (reply: FastifyReply, { shell }: Pick<Desk, 'shell'>, status: number, page: PlainDeskPage) =>
  sendPage(reply, status, renderPlainDesk(shell, page));

/** Who is signed in, for the pages. Throws `unauthorized` where nobody is. */
export function staffOf({ tokens }: Pick<Desk, 'tokens'>, request: FastifyRequest): Staff {
  const caller = callerOf(request);
  return {
    ...nameOf(caller, request.deskSession),
    role: roleOf(caller),
    formToken: tokens.of(request.deskSession?.id ?? ''),
  };
}

const nameOf = ({ person, name }: Caller, session: DeskSession | null) => ({ name: session?.name ?? person ?? name });

/** Support sends codes; whoever manages enrollments without codes operates the service (src/scopes.ts). */
export function roleOf({ scopes }: Pick<Caller, 'scopes'>): DeskRole {
  if (!scopes.includes('enrollments:manage')) return 'reader';
  return scopes.includes('enrollments:code') ? 'support' : 'ops';
}
