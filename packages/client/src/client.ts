import type { operations } from './openapi.ts';
import { pathOf, routes, type Operation } from './routes.ts';
import { createTransport, type CallOptions, type TransportOptions } from './transport.ts';
import { waitFor, watch, type Wanted, type WaitOptions, type WatchOptions } from './watch.ts';

type JsonOf<Part> = Part extends { content: { 'application/json': infer Json } } ? Json : never;
type Responses<Name extends Operation> = operations[Name]['responses'];

/** What an operation answers when it succeeds. */
export type AnswerOf<Name extends Operation> = {
  [Status in keyof Responses<Name>]: Status extends 200 | 201 | 202 ? JsonOf<Responses<Name>[Status]> : never;
}[keyof Responses<Name>];

/** What an operation is given in its body. */
export type BodyOf<Name extends Operation> = operations[Name] extends { requestBody?: infer Body }
  ? NonNullable<JsonOf<NonNullable<Body>>>
  : never;

/** What an operation is given in its query. */
export type QueryOf<Name extends Operation> = NonNullable<operations[Name]['parameters']['query']>;

/**
 * The HTTP API. Every method throws ProblemError when the API turns the call down, NoAnswerError when no answer comes,
 * UnexpectedAnswerError when something else answers, and the reason of `signal` when that is aborted.
 *
 * Calls that change something carry an Idempotency-Key, a random one unless one is given, and keep it over their repetitions.
 * Repeated are calls that the API answers with `too_many_requests`, `busy` or `unavailable`, and those whose answer was lost; a code
 * only where it surely was not taken, since a wrong one that is sent twice may count twice. What an enrollment itself says, such as
 * `resend_too_soon`, is thrown at once.
 */
export interface Client {
  /** Starts the enrollment of a user, or finds the one under way. Scope `enrollments:start`. */
  start(body: BodyOf<'startEnrollment'>, options?: CallOptions): Promise<AnswerOf<'startEnrollment'>>;
  /** Where an enrollment is. Scope `enrollments:read`. */
  get(id: string, options?: CallOptions): Promise<AnswerOf<'getEnrollment'>>;
  /** A page of enrollments; give its `nextCursor` as `cursor` for the next one. Scope `enrollments:read`. */
  list(query?: QueryOf<'listEnrollments'>, options?: CallOptions): Promise<AnswerOf<'listEnrollments'>>;
  /** The enrollments of a user or of a phone number, as pages. Scope `enrollments:read`. */
  find(body: BodyOf<'findEnrollments'>, options?: CallOptions): Promise<AnswerOf<'findEnrollments'>>;
  /** What happened to an enrollment. Scope `enrollments:read`. */
  timeline(id: string, options?: CallOptions): Promise<AnswerOf<'getTimeline'>>;
  /** What the user must see now: **secrets**. Never log the answer. Scope `enrollments:secrets`. */
  challenge(id: string, query?: QueryOf<'getChallenge'>, options?: CallOptions): Promise<AnswerOf<'getChallenge'>>;
  /** A code that was sent to the user. A code that is rejected is an answer, no error. Scope `enrollments:code`. */
  submitBindingCode(
    id: string,
    body: BodyOf<'submitBindingCode'>,
    options?: CallOptions,
  ): Promise<AnswerOf<'submitBindingCode'>>;
  /** A code of the authenticator app. A code that is rejected is an answer, no error. Scope `enrollments:code`. */
  submitOtp(id: string, body: BodyOf<'submitOtp'>, options?: CallOptions): Promise<AnswerOf<'submitOtp'>>;
  /** Sends a new code, or makes a new setup key. Needs a reason. Scope `enrollments:manage`. */
  resend(id: string, body: BodyOf<'resend'>, options?: CallOptions): Promise<AnswerOf<'resend'>>;
  /** Texts another phone from now on. Needs a reason. Scope `enrollments:manage`. */
  changePhoneNumber(
    id: string,
    body: BodyOf<'changePhoneNumber'>,
    options?: CallOptions,
  ): Promise<AnswerOf<'changePhoneNumber'>>;
  /** Cancels. The state of the answer is not yet an outcome when that takes longer. Needs a reason. Scope `enrollments:manage`. */
  cancel(id: string, body: BodyOf<'cancel'>, options?: CallOptions): Promise<AnswerOf<'cancel'>>;
  /** The user has saved the recovery code. Scope `enrollments:secrets`. */
  acknowledgeRecoveryCode(id: string, options?: CallOptions): Promise<AnswerOf<'acknowledgeRecoveryCode'>>;
  /** Brings a fresh token for Auth0's MFA API. Scope `enrollments:start`. */
  provideToken(id: string, body: BodyOf<'renewToken'>, options?: CallOptions): Promise<AnswerOf<'renewToken'>>;
  /** A link with which the user signs in, for the user alone. Scope `enrollments:link`. */
  createLink(id: string, options?: CallOptions): Promise<AnswerOf<'createLink'>>;
  /** Prefixes of phone numbers to which nothing is sent. Scope `enrollments:read`. */
  listStoppedPrefixes(options?: CallOptions): Promise<AnswerOf<'listStoppedPrefixes'>>;
  /** Stops all texts and calls to numbers that begin so. Needs a reason. Scope `enrollments:manage`. */
  stopTexts(prefix: string, body: BodyOf<'stopTexts'>, options?: CallOptions): Promise<AnswerOf<'stopTexts'>>;
  /** Lifts the stop of a prefix. Needs a reason. Scope `enrollments:manage`. */
  resumeTexts(prefix: string, body: BodyOf<'resumeTexts'>, options?: CallOptions): Promise<AnswerOf<'resumeTexts'>>;
  /** Where events are sent. Scope `webhooks:manage`, as for all calls about webhooks. */
  listWebhooks(options?: CallOptions): Promise<AnswerOf<'listWebhooks'>>;
  /** Sends events to an address. The answer has the secret that they are signed with, this once. */
  addWebhook(body: BodyOf<'addWebhook'>, options?: CallOptions): Promise<AnswerOf<'addWebhook'>>;
  /** Sends nothing more there. */
  removeWebhook(webhookId: string, options?: CallOptions): Promise<AnswerOf<'removeWebhook'>>;
  /** Another secret; for a day requests are signed with both. Each call makes one: it is repeated only when it surely had no effect. */
  rotateWebhookSecret(webhookId: string, options?: CallOptions): Promise<AnswerOf<'rotateWebhookSecret'>>;
  /** What has not arrived. */
  listDeliveries(webhookId: string, options?: CallOptions): Promise<AnswerOf<'listDeliveries'>>;
  /** Sends again what was given up: one event, or all. */
  redeliver(webhookId: string, body?: BodyOf<'redeliver'>, options?: CallOptions): Promise<AnswerOf<'redeliver'>>;
  /**
   * Prepares the enrollment of many users; with `users` it begins at once. Needs a webhook that names `enrollment.link_created`. Scope
   * `campaigns:manage`, as for all calls about campaigns.
   */
  createCampaign(body?: BodyOf<'createCampaign'>, options?: CallOptions): Promise<AnswerOf<'createCampaign'>>;
  /** Adds up to 500 users to a campaign that was not started yet. */
  addCampaignUsers(
    campaignId: string,
    body: BodyOf<'addCampaignUsers'>,
    options?: CallOptions,
  ): Promise<AnswerOf<'addCampaignUsers'>>;
  /** Starts it; with `users`, only when it has exactly so many. */
  startCampaign(
    campaignId: string,
    body?: BodyOf<'startCampaign'>,
    options?: CallOptions,
  ): Promise<AnswerOf<'startCampaign'>>;
  /** A page of campaigns, those of every caller; give its `nextCursor` as `cursor` for the next one. */
  listCampaigns(query?: QueryOf<'listCampaigns'>, options?: CallOptions): Promise<AnswerOf<'listCampaigns'>>;
  /** How far a campaign is. */
  getCampaign(campaignId: string, options?: CallOptions): Promise<AnswerOf<'getCampaign'>>;
  /** What became of its users, as pages; give `nextCursor` as `cursor` for the next one. */
  campaignReport(
    campaignId: string,
    query?: QueryOf<'getCampaignReport'>,
    options?: CallOptions,
  ): Promise<AnswerOf<'getCampaignReport'>>;
  /** Nobody is started or reminded until it is resumed. */
  pauseCampaign(campaignId: string, options?: CallOptions): Promise<AnswerOf<'pauseCampaign'>>;
  /** It goes on where it was. */
  resumeCampaign(campaignId: string, options?: CallOptions): Promise<AnswerOf<'resumeCampaign'>>;
  /** Ends it; enrollments under way go on. */
  cancelCampaign(campaignId: string, options?: CallOptions): Promise<AnswerOf<'cancelCampaign'>>;
  /** The enrollment now and after each change, until its outcome, over new connections when one breaks. Scope `enrollments:read`. */
  watch(id: string, options?: WatchOptions): AsyncGenerator<AnswerOf<'getEnrollment'>, void, undefined>;
  /**
   * Waits until an enrollment is in a state, in one of several, or as a function says. Throws WaitError with `why: 'ended'` as soon as it
   * has come to another outcome, and with `why: 'timeout'` after `timeoutMs`. Scope `enrollments:read`.
   */
  waitFor(id: string, wanted: Wanted, options?: WaitOptions): Promise<AnswerOf<'getEnrollment'>>;
}

/** Throws TypeError for options that cannot work. */
export function createClient(options: TransportOptions): Client {
  const transport = createTransport(options);

  async function call<Name extends Exclude<Operation, 'watchEnrollment'>>(
    operation: Name,
    parts: { readonly at?: string; readonly query?: QueryOf<Name>; readonly body?: object },
    callOptions: CallOptions = {},
  ): Promise<AnswerOf<Name>> {
    const {
      method,
      keyed = false,
      onlyIfRefused = false,
    } = { keyed: undefined, onlyIfRefused: undefined, ...routes[operation] };
    const { at, query, body } = parts;
    const request = { method, path: pathOf(operation, at), query, body, keyed, onlyIfRefused };
    return (await transport.call(request, callOptions)) as AnswerOf<Name>; // as the OpenAPI file says of this operation
  }
  const events = (id: string) => pathOf('watchEnrollment', id);

  return {
    start: (body, more) => call('startEnrollment', { body }, more),
    get: (at, more) => call('getEnrollment', { at }, more),
    list: (query = {}, more) => call('listEnrollments', { query }, more),
    find: (body, more) => call('findEnrollments', { body }, more),
    timeline: (at, more) => call('getTimeline', { at }, more),
    challenge: (at, query = {}, more) => call('getChallenge', { at, query }, more),
    submitBindingCode: (at, body, more) => call('submitBindingCode', { at, body }, more),
    submitOtp: (at, body, more) => call('submitOtp', { at, body }, more),
    resend: (at, body, more) => call('resend', { at, body }, more),
    changePhoneNumber: (at, body, more) => call('changePhoneNumber', { at, body }, more),
    cancel: (at, body, more) => call('cancel', { at, body }, more),
    acknowledgeRecoveryCode: (at, more) => call('acknowledgeRecoveryCode', { at }, more),
    provideToken: (at, body, more) => call('renewToken', { at, body }, more),
    createLink: (at, more) => call('createLink', { at }, more),
    listStoppedPrefixes: (more) => call('listStoppedPrefixes', {}, more),
    stopTexts: (at, body, more) => call('stopTexts', { at, body }, more),
    resumeTexts: (at, body, more) => call('resumeTexts', { at, body }, more),
    listWebhooks: (more) => call('listWebhooks', {}, more),
    addWebhook: (body, more) => call('addWebhook', { body }, more),
    removeWebhook: (at, more) => call('removeWebhook', { at }, more),
    rotateWebhookSecret: (at, more) => call('rotateWebhookSecret', { at }, more),
    listDeliveries: (at, more) => call('listDeliveries', { at }, more),
    redeliver: (at, body = {}, more) => call('redeliver', { at, body }, more),
    createCampaign: (body = {}, more) => call('createCampaign', { body }, more),
    addCampaignUsers: (at, body, more) => call('addCampaignUsers', { at, body }, more),
    startCampaign: (at, body = {}, more) => call('startCampaign', { at, body }, more),
    listCampaigns: (query = {}, more) => call('listCampaigns', { query }, more),
    getCampaign: (at, more) => call('getCampaign', { at }, more),
    campaignReport: (at, query = {}, more) => call('getCampaignReport', { at, query }, more),
    pauseCampaign: (at, more) => call('pauseCampaign', { at }, more),
    resumeCampaign: (at, more) => call('resumeCampaign', { at }, more),
    cancelCampaign: (at, more) => call('cancelCampaign', { at }, more),
    watch: (id, more = {}) => watch(transport, events(id), more),
    waitFor: async (id, wanted, more = {}) => waitFor(transport, events(id), wanted, more),
  };
}
