import { type Dispatcher, Pool } from 'undici';
import type { z } from 'zod';
import { classify, parseJson, unanswered } from './classification';
import { auth0Origin } from './domain';
import { Auth0Error, type Auth0ErrorDetails } from './errors';
import type { MfaClient } from './mfa';
import { remedies } from './remedies';
import {
  type Auth0Call,
  type Auth0Request,
  associateRequest,
  confirmRequest,
  deleteRequest,
  endpoints,
  exchangeRequest,
  listRequest,
  refreshRequest,
} from './requests';
import { associateResponse, deleteResponse, listResponse, signInResponse, tokenResponse } from './responses';
import { exchange } from './transport';

/** All in milliseconds. */
interface Auth0Timeouts {
  /** Name look-up, TCP and TLS together. Default 3,000. */
  readonly connectMs?: number;
  /** From the request to the answer's headers. Default 8,000. */
  readonly headersMs?: number;
  /** Between two pieces of the answer's body. Default 8,000. */
  readonly bodyMs?: number;
  /** The whole call, waiting for a free connection included. Default 10,000. */
  readonly callMs?: number;
}

export interface MfaClientConfig {
  /** For example `tenant.eu.auth0.com`, or a custom domain. */
  readonly domain: string;
  /** Development and tests only: an origin to use instead of `https://<domain>`. */
  readonly baseUrl?: string;
  readonly clientId: string;
  /** Absent: a public client. */
  readonly clientSecret?: string;
  readonly timeouts?: Auth0Timeouts;
  /** Instead of a pool of the client's own; `close` leaves it open. */
  readonly dispatcher?: Dispatcher;
}

const defaultTimeouts = { connectMs: 3_000, headersMs: 8_000, bodyMs: 8_000, callMs: 10_000 };

/** As many as Temporal's default of activities that one worker runs at once. */
const connections = 100;

/** Some fifty authenticators make 10 kB; nothing that Auth0 sends here comes near. */
const answerBytes = 64 * 1024;

/**
 * Auth0's MFA API over one pool of kept-alive connections. No call is ever sent twice: whoever calls knows what a second one
 * would do. Throws a TypeError when the domain, the base URL or the client id cannot be one. `close` lets calls under way end.
 */
export function createMfaClient(config: MfaClientConfig): MfaClient & { close(): Promise<void> } {
  const origin = auth0Origin(config);
  if (config.clientId === '') throw new TypeError('Auth0 client id: expected the id of the application, got nothing');
  const { connectMs, headersMs, bodyMs, callMs } = { ...defaultTimeouts, ...config.timeouts };
  const dispatcher = config.dispatcher ?? new Pool(origin, { connections, connect: { timeout: connectMs } });
  const client = {
    clientId: config.clientId,
    ...(config.clientSecret === undefined ? {} : { clientSecret: config.clientSecret }),
  };

  let closing: Promise<void> | undefined;

  /** The body of a 2xx answer, read by `schema`. */
  async function send<T>(
    request: Auth0Request,
    schema: z.ZodType<T>,
    signal?: AbortSignal,
    token?: string,
  ): Promise<T> {
    const { call, method, path, headers, body } = request;
    const fail = (details: Omit<Auth0ErrorDetails, 'endpoint'>) =>
      new Auth0Error({ endpoint: endpoints[call], ...details });

    const outcome = await exchange(
      dispatcher,
      { origin, method, path, headers, body: body ?? null, headersTimeout: headersMs, bodyTimeout: bodyMs },
      { callMs, answerBytes, signal },
    );
    if (outcome.type === 'fault') {
      throw fail({ verdict: outcome.written ? unanswered(call) : 'unreachable', cause: outcome.cause });
    }
    const { status } = outcome;
    if (status < 200 || status > 299) {
      throw fail({ status, ...classify({ call, token, ...outcome }, Date.now()) });
    }
    const answer = schema.safeParse(parseJson(outcome.body));
    // It was accepted, so it had its effect; that its answer says nothing makes it no better than a lost one.
    if (!answer.success) throw fail({ verdict: unanswered(call), status });
    return answer.data;
  }

  return {
    async associate(token, request, signal) {
      assertToken(token, 'associate');
      return send(associateRequest(token, request), associateResponse, signal, token);
    },
    async confirm(token, proof, signal) {
      return send(confirmRequest(client, token, proof), tokenResponse, signal, token);
    },
    async listAuthenticators(token, signal) {
      assertToken(token, 'list');
      return send(listRequest(token), listResponse, signal, token);
    },
    async deleteAuthenticator(token, id, signal) {
      assertToken(token, 'delete');
      assertId(id);
      try {
        await send(deleteRequest(token, id), deleteResponse, signal, token);
      } catch (error) {
        if (!(error instanceof Auth0Error && error.verdict === 'not_found')) throw error;
      }
    },
    async refresh(refreshToken, signal) {
      return send(refreshRequest(client, refreshToken), tokenResponse, signal);
    },
    async exchangeCode(request, signal) {
      return send(exchangeRequest(client, request), signInResponse, signal);
    },
    async close() {
      closing ??= config.dispatcher ? Promise.resolve() : dispatcher.close();
      await closing;
    },
  };
}

/** What cannot stand in a header is no token; Auth0 need not be asked. */
function assertToken(token: string, call: Auth0Call): void {
  if (/^[\x21-\x7e]+$/.test(token)) return;
  throw new Auth0Error({
    verdict: 'token_wrong_kind',
    endpoint: endpoints[call],
    remedy: remedies.accessTokenNeeded,
  });
}

/** An empty id, or one of dots, would name another path. */
function assertId(id: string): void {
  if (/^\.{0,2}$/.test(id)) throw new Auth0Error({ verdict: 'malformed_request', endpoint: endpoints.delete });
}
