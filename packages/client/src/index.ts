import type { components } from './openapi.ts';

export { createClient, type AnswerOf, type BodyOf, type Client, type QueryOf } from './client.ts';
export {
  isProblem,
  NoAnswerError,
  ProblemError,
  UnexpectedAnswerError,
  type Problem,
  type ProblemCode,
} from './problem.ts';
export type { Operation } from './routes.ts';
export type { CallOptions, TransportOptions as ClientOptions } from './transport.ts';
export { isOutcome, WaitError, type WaitOptions, type Wanted, type WatchOptions } from './watch.ts';
export {
  verifyWebhook,
  WebhookVerificationError,
  type VerifiedWebhook,
  type VerifyWebhookOptions,
  type WebhookHeaders,
} from './webhook.ts';

type Schemas = components['schemas'];
export type Enrollment = Schemas['Enrollment'];
export type EnrollmentState = Enrollment['state'];
export type StartedEnrollment = Schemas['StartedEnrollment'];
export type EnrollmentPage = Schemas['EnrollmentPage'];
export type CodeResult = Schemas['CodeResult'];
export type Pending = Schemas['Pending'];
export type Challenge = Schemas['Challenge'];
export type Timeline = Schemas['Timeline'];
export type Link = Schemas['Link'];
export type StoppedPrefixes = Schemas['StoppedPrefixes'];
