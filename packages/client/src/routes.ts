import type { operations } from './openapi.ts';

/** An operation of the OpenAPI file. */
export type Operation = keyof operations;

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Does the API take an Idempotency-Key here? */
  readonly keyed?: true;
  /** See `TransportRequest`. */
  readonly onlyIfRefused?: true;
}

/** Where each operation is. An operation that the OpenAPI file has and this table has not does not compile. */
export const routes = {
  startEnrollment: { method: 'POST', path: '/v1/enrollments', keyed: true },
  listEnrollments: { method: 'GET', path: '/v1/enrollments' },
  findEnrollments: { method: 'POST', path: '/v1/enrollments/find' },
  getEnrollment: { method: 'GET', path: '/v1/enrollments/{id}' },
  getTimeline: { method: 'GET', path: '/v1/enrollments/{id}/timeline' },
  watchEnrollment: { method: 'GET', path: '/v1/enrollments/{id}/events' },
  getChallenge: { method: 'GET', path: '/v1/enrollments/{id}/challenge' },
  submitBindingCode: {
    method: 'POST',
    path: '/v1/enrollments/{id}/binding-code',
    keyed: true,
    onlyIfRefused: true,
  },
  submitOtp: { method: 'POST', path: '/v1/enrollments/{id}/otp', keyed: true, onlyIfRefused: true },
  resend: { method: 'POST', path: '/v1/enrollments/{id}/resend', keyed: true },
  changePhoneNumber: { method: 'PUT', path: '/v1/enrollments/{id}/phone-number', keyed: true },
  cancel: { method: 'POST', path: '/v1/enrollments/{id}/cancel', keyed: true },
  acknowledgeRecoveryCode: { method: 'POST', path: '/v1/enrollments/{id}/recovery-code/acknowledge', keyed: true },
  renewToken: { method: 'PUT', path: '/v1/enrollments/{id}/token', keyed: true },
  createLink: { method: 'POST', path: '/v1/enrollments/{id}/links', keyed: true },
  listStoppedPrefixes: { method: 'GET', path: '/v1/stopped-prefixes' },
  stopTexts: { method: 'PUT', path: '/v1/stopped-prefixes/{prefix}', keyed: true },
  resumeTexts: { method: 'DELETE', path: '/v1/stopped-prefixes/{prefix}', keyed: true },
  listWebhooks: { method: 'GET', path: '/v1/webhooks' },
  addWebhook: { method: 'POST', path: '/v1/webhooks', keyed: true },
  removeWebhook: { method: 'DELETE', path: '/v1/webhooks/{webhookId}' },
  // Each call makes another secret, so one whose answer is lost is not made again.
  rotateWebhookSecret: { method: 'POST', path: '/v1/webhooks/{webhookId}/secret', keyed: true },
  listDeliveries: { method: 'GET', path: '/v1/webhooks/{webhookId}/deliveries' },
  redeliver: { method: 'POST', path: '/v1/webhooks/{webhookId}/redeliver', keyed: true },
  createCampaign: { method: 'POST', path: '/v1/campaigns', keyed: true },
  listCampaigns: { method: 'GET', path: '/v1/campaigns' },
  addCampaignUsers: { method: 'POST', path: '/v1/campaigns/{campaignId}/users', keyed: true },
  startCampaign: { method: 'POST', path: '/v1/campaigns/{campaignId}/start', keyed: true },
  getCampaign: { method: 'GET', path: '/v1/campaigns/{campaignId}' },
  getCampaignReport: { method: 'GET', path: '/v1/campaigns/{campaignId}/report' },
  pauseCampaign: { method: 'POST', path: '/v1/campaigns/{campaignId}/pause', keyed: true },
  resumeCampaign: { method: 'POST', path: '/v1/campaigns/{campaignId}/resume', keyed: true },
  cancelCampaign: { method: 'POST', path: '/v1/campaigns/{campaignId}/cancel', keyed: true },
} as const satisfies Record<Operation, Route>;

/**
 * The path of an operation, with an id or a prefix in its place. Throws TypeError for one that cannot be an id or a prefix: such as
 * `..`, which would lead to another operation.
 */
export function pathOf(operation: Operation, value: string | undefined): string {
  const { path } = routes[operation];
  const [, name] = /\{(\w+)\}/.exec(path) ?? [];
  if (name === undefined) return path;
  const rule = rules[name];
  if (rule === undefined || typeof value !== 'string' || !rule.pattern.test(value))
    throw new TypeError(`${name}: expected ${rule?.expected ?? 'nothing'}`);
  return path.replace(`{${name}}`, encodeURIComponent(value));
}

const idRule = { pattern: /^enr_[A-Za-z0-9_-]{1,100}$/, expected: 'the id of an enrollment, such as enr_NNsi-2hB…' };
const prefixRule = { pattern: /^\+?[1-9][0-9]{0,6}$/, expected: 'a plus sign and 1 to 7 digits, such as +88213' };
const webhookRule = {
  pattern: /^whk_[A-Za-z0-9_-]{22}$/,
  expected: 'the id of a webhook, such as whk_ and 22 characters',
};
const campaignRule = {
  pattern: /^cmp_[A-Za-z0-9_-]{22}$/,
  expected: 'the id of a campaign, such as cmp_ and 22 characters',
};
const rules: Readonly<Record<string, { readonly pattern: RegExp; readonly expected: string }>> = {
  id: idRule,
  prefix: prefixRule,
  webhookId: webhookRule,
  campaignId: campaignRule,
};
