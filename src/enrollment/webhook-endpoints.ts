import { isEventType, linkCreated, type EventType } from './events';

// Where events go. Kept by the workflow in src/workflows/webhook-endpoints.ts; its payloads are sealed, for they hold the secrets.

export interface WebhookEndpoint {
  /** `whk_` and 22 characters of base64url. */
  readonly id: string;
  readonly url: string;
  /** What is sent there; empty: everything but links. */
  readonly events: readonly EventType[];
  /** What each request is signed with, the newest first. */
  readonly secrets: readonly WebhookSecret[];
  /** Epoch ms. */
  readonly createdAt: number;
}

export interface WebhookSecret {
  /** `whsec_` and base64, as Standard Webhooks writes it. */
  readonly secret: string;
  /** Epoch ms: signed with it up to then; absent for the newest. */
  readonly until?: number;
}

/** More would make every event so much dearer. */
export const mostWebhookEndpoints = 20;

/** How long a secret that was replaced still signs: receivers change over in this time. */
export const secretOverlapMs = 24 * 3_600_000;

/** Does this endpoint want events of that type? Links open a sign-in page, so they go only to those that ask for them by name. */
export const wants = ({ events }: Pick<WebhookEndpoint, 'events'>, type: EventType): boolean =>
  events.includes(type) || (events.length === 0 && type !== linkCreated);

/** Does this endpoint want to hear what becomes of enrollments? One that sends links alone does not. */
export const wantsChanges = ({ events }: Pick<WebhookEndpoint, 'events'>): boolean =>
  events.length === 0 || events.some((type) => type !== linkCreated);

/** The secrets that sign at `now` (epoch ms), the newest first. */
export const signingSecrets = ({ secrets }: Pick<WebhookEndpoint, 'secrets'>, now: number): readonly string[] =>
  secrets.filter(({ until }) => until === undefined || until > now).map(({ secret }) => secret);

/** `undefined`: there are too many. One with the same id is left as it is. */
export function addEndpoint(
  endpoints: readonly WebhookEndpoint[],
  added: WebhookEndpoint,
): readonly WebhookEndpoint[] | undefined {
  if (endpoints.some(({ id }) => id === added.id)) return endpoints;
  return endpoints.length >= mostWebhookEndpoints ? undefined : [...endpoints, added];
}

export const removeEndpoint = (endpoints: readonly WebhookEndpoint[], id: string): readonly WebhookEndpoint[] =>
  endpoints.filter((each) => each.id !== id);

/** The newest secret before it signs for `secretOverlapMs` more, older ones no longer. An unknown id changes nothing. */
export const rotateSecret = (
  endpoints: readonly WebhookEndpoint[],
  id: string,
  secret: string,
  now: number,
): readonly WebhookEndpoint[] =>
  endpoints.map((each) => {
    const [newest] = each.secrets;
    if (each.id !== id || newest === undefined || newest.secret === secret) return each;
    return { ...each, secrets: [{ secret }, { secret: newest.secret, until: now + secretOverlapMs }] };
  });

/** The list as it was kept; `undefined` for anything that is no such list. */
export function parseEndpoints(value: unknown): readonly WebhookEndpoint[] | undefined {
  if (!Array.isArray(value) || value.length > mostWebhookEndpoints) return undefined;
  const parsed = value.flatMap((each: unknown) => parseEndpoint(each) ?? []);
  return parsed.length === value.length ? parsed : undefined;
}

/** One endpoint, as a message brings it; `undefined` for anything else. */
export function parseEndpoint(value: unknown): WebhookEndpoint | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, url, events, secrets, createdAt }: Record<string, unknown> = { ...value };
  if (!isWebhookId(id) || typeof url !== 'string' || url.length > 2000) return undefined;
  if (!Array.isArray(events) || !events.every(isEventType)) return undefined;
  if (!Array.isArray(secrets) || secrets.length === 0 || !secrets.every(isWebhookSecret)) return undefined;
  if (typeof createdAt !== 'number' || !Number.isSafeInteger(createdAt)) return undefined;
  return { id, url, events, secrets, createdAt };
}

export const isWebhookId = (value: unknown): value is string =>
  typeof value === 'string' && /^whk_[A-Za-z0-9_-]{22}$/.test(value);

export const isSecretText = (value: unknown): value is string =>
  typeof value === 'string' && /^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/.test(value);

const isWebhookSecret = (value: unknown): value is WebhookSecret =>
  typeof value === 'object' &&
  value !== null &&
  'secret' in value &&
  isSecretText(value.secret) &&
  (!('until' in value) || value.until === undefined || typeof value.until === 'number');
