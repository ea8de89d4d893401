import {
  ApplicationFailure,
  condition,
  defineUpdate,
  makeContinueAsNewFunc,
  setHandler,
  upsertMemo,
} from '@temporalio/workflow';
import { failureTypes } from '../enrollment/failures';
import {
  addEndpoint,
  isSecretText,
  isWebhookId,
  parseEndpoint,
  parseEndpoints,
  removeEndpoint,
  rotateSecret,
  type WebhookEndpoint,
} from '../enrollment/webhook-endpoints';
import { hasGrown, waitForKeyOf } from './long-run';

export const webhookEndpointsType = 'mfaWebhookEndpoints';
/** There is one for each namespace. */
export const webhookEndpointsId = 'mfa-webhook-endpoints';
/** The member of the memo that holds the list: workers and API read it there. Holds the secrets, sealed as every payload is. */
export const webhookEndpointsMemo = 'webhookEndpoints';

export interface WebhookEndpointsInput {
  /** What is there already. */
  readonly endpoints: readonly WebhookEndpoint[];
}

/** Answers the endpoint as it is kept, also when it was there. Refused as `malformed` or `too_many`. */
export const addWebhook = defineUpdate<WebhookEndpoint, [WebhookEndpoint]>('add');
/** One that is not there changes nothing. */
export const removeWebhook = defineUpdate<null, [Pick<WebhookEndpoint, 'id'>]>('remove');
/** Refused as `unknown` for an endpoint that is not there. */
export const rotateWebhookSecret = defineUpdate<WebhookEndpoint, [{ readonly id: string; readonly secret: string }]>(
  'rotateSecret',
);

/** The endpoints that events are sent to. Ends when there are none. */
export async function mfaWebhookEndpoints(input: WebhookEndpointsInput): Promise<void> {
  let endpoints = endpointsAtStart(input);
  let changes = 0;
  const publish = (next: readonly WebhookEndpoint[]): void => {
    changes += 1;
    endpoints = next;
    upsertMemo({ [webhookEndpointsMemo]: next });
  };
  const endpointOf = (id: string): WebhookEndpoint => {
    const endpoint = endpoints.find((each) => each.id === id);
    if (endpoint === undefined) throw ApplicationFailure.nonRetryable('There is no such endpoint.', 'unknown');
    return endpoint;
  };
  setHandler(
    addWebhook,
    (value) => {
      const next = addEndpoint(endpoints, value);
      if (next === undefined) throw ApplicationFailure.nonRetryable('Too many endpoints.', 'too_many');
      publish(next);
      return endpointOf(value.id);
    },
    {
      description: 'Sends events to this endpoint from now on',
      validator: (value: unknown) => check(parseEndpoint(value)),
    },
  );
  setHandler(
    removeWebhook,
    ({ id }) => {
      publish(removeEndpoint(endpoints, id));
      return null;
    },
    { description: 'Sends nothing more there: {id}', validator: (value: unknown) => check(idIn(value)) },
  );
  setHandler(
    rotateWebhookSecret,
    ({ id, secret }) => {
      publish(rotateSecret(endpoints, id, secret, Date.now()));
      return endpointOf(id);
    },
    {
      description: 'Signs with this secret too, and with the one before it for a day: {id, secret}',
      validator: (value: unknown) => check(idIn(value) && secretIn(value)),
    },
  );

  await condition(() => changes > 0 && (endpoints.length === 0 || hasGrown(changes)));
  if (endpoints.length === 0) return;
  const next = makeContinueAsNewFunc<typeof mfaWebhookEndpoints>({ memo: { [webhookEndpointsMemo]: endpoints } });
  await next({ endpoints });
}

function check(parsed: unknown): void {
  if (parsed === undefined) throw ApplicationFailure.nonRetryable('Expected an endpoint, sealed.', 'malformed');
}

function idIn(value: unknown): string | undefined {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  return isWebhookId(id) ? id : undefined;
}

function secretIn(value: unknown): string | undefined {
  const secret = typeof value === 'object' && value !== null && 'secret' in value ? value.secret : undefined;
  return isSecretText(secret) ? secret : undefined;
}

function endpointsAtStart(input: unknown): readonly WebhookEndpoint[] {
  waitForKeyOf(input);
  const endpoints =
    typeof input === 'object' && input !== null && 'endpoints' in input ? parseEndpoints(input.endpoints) : undefined;
  if (endpoints !== undefined) return endpoints;
  throw ApplicationFailure.nonRetryable(
    'Webhook endpoints begin with {endpoints: [{id, url, events, secrets, createdAt}]}.',
    failureTypes.invalidInput,
  );
}
