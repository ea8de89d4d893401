import { z } from 'zod';

const status = z.int().min(400).max(599);
const seconds = z.int().min(1).max(86_400);

interface Row<S extends z.ZodType> {
  readonly schema: S;
  readonly default: z.infer<S>;
  /** `setting`: a tenant is configured so. `unverified`: only a live tenant can tell which value is true. */
  readonly kind: 'setting' | 'unverified';
  readonly about: string;
}

const setting = <S extends z.ZodType>(schema: S, value: z.infer<S>, about: string): Row<S> => ({
  schema,
  default: value,
  kind: 'setting',
  about,
});

const unverified = <S extends z.ZodType>(schema: S, value: z.infer<S>, about: string): Row<S> => ({
  schema,
  default: value,
  kind: 'unverified',
  about,
});

/** Every behaviour that a tenant may show in more than one way, with the value the emulator starts with. */
export const switchTable = {
  recoveryCodes: setting(z.boolean(), false, 'Recovery-code factor: the first associate of a user also gives a code.'),
  smsFactor: setting(z.boolean(), true, 'Phone factor (sms and voice) is on.'),
  otpFactor: setting(z.boolean(), true, 'One-time password factor is on.'),
  emailFactor: setting(z.boolean(), true, 'Email factor is on.'),
  verifiedEmailFactor: setting(
    z.boolean(),
    false,
    'Users created from then on have their verified email address listed as an active authenticator, which cannot be deleted.',
  ),
  pushFactor: setting(z.boolean(), true, 'Push (Guardian) factor is on.'),
  phoneMessageTypes: setting(
    z.array(z.enum(['sms', 'voice'])).min(1),
    ['sms'],
    'With both, a phone enrolment makes an sms and a voice record that share their suffix.',
  ),
  phoneProvider: setting(z.enum(['auth0', 'twilio', 'phone-message-hook']), 'twilio', 'Who sends the texts.'),
  phoneProviderDisabled: setting(z.boolean(), false, 'Unified phone experience: the provider is there and turned off.'),
  unifiedPhone: setting(z.boolean(), false, 'Unified phone experience: the old selected-provider calls answer 403.'),
  deliverMessages: setting(z.boolean(), true, 'Off: the answers stay the same and nothing reaches the inbox.'),
  mfaPolicy: setting(
    z.enum(['never', 'always']),
    'never',
    'Always: the password grant answers mfa_required for every audience, also without a factor.',
  ),
  friendlyName: setting(z.string().min(1).max(64), 'Emulated Tenant', 'Issuer in barcode_uri.'),
  flexibleFactors: setting(z.boolean(), false, 'Early Access: list entries carry `type`.'),
  mfaRequirements: setting(z.boolean(), false, 'mfa_required carries mfa_requirements.'),
  actionsMfa: setting(z.boolean(), false, 'MFA asked by an Action: mfa_required comes without mfa_token.'),
  requestsPerSecond: setting(
    z.number().min(0).max(100_000),
    0,
    'Calls a second to /oauth/ and /mfa/ that the tenant takes, of all users together; more get 429. 0: as many as come.',
  ),
  requestsBurst: setting(
    z.int().min(1).max(100_000),
    10,
    'Calls that it takes at once, while requestsPerSecond is set.',
  ),

  statusTooManySms: unverified(status, 400, 'Status of "Too many SMS sent by the user."'),
  statusTooManyCodes: unverified(status, 400, 'Status of "Too many failed codes."'),
  statusBadGateway: unverified(status, 400, 'Status of bad_gateway "The phone number is invalid."'),
  statusTooManyEntities: unverified(status, 403, 'Status of too_many_entities.'),
  statusFactorDisabled: unverified(status, 401, 'Status when the factor is off for the tenant.'),
  statusInsufficientScope: unverified(status, 403, 'Status when the token lacks the scope.'),
  errorInsufficientScope: unverified(
    z.string().min(1),
    'insufficient_scope',
    '`error` when the token lacks the scope.',
  ),
  secondAssociateVoidsFirst: unverified(z.boolean(), false, 'A second associate kills the first oob_code.'),
  mfaTokenLifeSeconds: unverified(seconds, 600, 'Life of an mfa_token.'),
  oobCodeLifeSeconds: unverified(seconds, 300, 'Life of an oob_code.'),
  confirmTokenForAssociate: unverified(z.boolean(), true, 'The token from a confirm works for associate.'),
  offlineAccess: unverified(z.boolean(), true, 'Offline_access is honoured with the MFA audience.'),
  idTokenWithMfaAudience: unverified(
    z.boolean(),
    true,
    'A sign-in with the scope openid gives an id_token with the MFA audience too.',
  ),
  reauthentication: unverified(
    z.enum(['asks', 'silent']),
    'asks',
    'What prompt=login and max_age do to a browser with a session; silent: it passes, as when another identity provider signs it in.',
  ),
  notEnrolledAnswer: unverified(
    z.enum(['unsupported_challenge_type', 'association_required']),
    'unsupported_challenge_type',
    'What challenge says to a user without a factor.',
  ),
  oobChannelsAsString: unverified(z.boolean(), false, '`oob_channels` may be a plain string.'),
  pendingTotp: unverified(z.enum(['any', 'newest']), 'any', 'Which pending secrets a code may confirm.'),
  confirmNeedsBearer: unverified(z.boolean(), false, 'The MFA grants want the Authorization header too.'),
  unslashedAudience: unverified(z.boolean(), false, 'The MFA audience may lack its trailing slash.'),

  statusInvalidBindingCode: unverified(status, 403, 'Status of "Invalid binding_code."'),
  statusMalformedMfaToken: unverified(status, 403, 'Status of "Malformed mfa_token".'),
  statusExpiredToken: unverified(status, 401, 'Status of expired_token for mfa_token and oob_code: 401 or 403.'),
  statusCodeExpired: unverified(
    status,
    403,
    'Status of "Verification code is expired" (seen when an oob_code lives on).',
  ),
  statusOobCodeMismatch: unverified(status, 400, 'Status of "The oob_code doesn\'t match the mfa_token".'),
  statusWrongClient: unverified(status, 400, 'Status of "mfa_token not issued to this client".'),
  statusMissingParameter: unverified(status, 400, 'Status of "Missing required parameter: …" at the token endpoint.'),
  statusSlowDown: unverified(status, 400, 'Status of slow_down.'),
  statusRecoveryRejected: unverified(status, 403, 'Status of a wrong recovery code.'),
  statusNotEnrolled: unverified(status, 401, 'Status of challenge for a user without a factor.'),
  statusUnknownAuthenticator: unverified(status, 403, 'Status of challenge for an authenticator_id the user lacks.'),
  statusMfaRequired: unverified(status, 403, 'Status of mfa_required: 403 by most pages, 401 by one.'),
  pushRejectedError: unverified(
    z.enum(['access_denied', 'invalid_grant']),
    'access_denied',
    'What a refused push gives: recorded and documented differently.',
  ),
  errorWrongSecret: unverified(
    z.enum(['access_denied', 'invalid_client']),
    'access_denied',
    'What wrong client authentication gives.',
  ),
  refreshWantsMfa: unverified(
    z.boolean(),
    false,
    'A refresh answers mfa_required while a factor is active or the policy is always.',
  ),
  jwtAtChallenge: unverified(z.boolean(), false, '/mfa/challenge takes an MFA access token as mfa_token.'),
  oobCodeBoundToToken: unverified(z.boolean(), true, 'An oob_code goes only with the token it was made with.'),
  sharedAttempts: unverified(z.boolean(), true, 'Wrong texted codes and wrong app codes empty one bucket.'),
  authenticatorLimit: unverified(z.int().min(1).max(1000), 51, 'Records per user, unconfirmed ones too.'),
} as const;

export type SwitchName = keyof typeof switchTable;
export type Switches = { -readonly [N in SwitchName]: z.infer<(typeof switchTable)[N]['schema']> };

const names = Object.keys(switchTable) as SwitchName[];

/** A partial set of switches, as `PUT /switches` takes it; an unknown name is refused. */
export const switchesPatch = z
  .strictObject(Object.fromEntries(names.map((name) => [name, switchTable[name].schema])))
  .partial() as z.ZodType<Partial<Switches>>;

export const defaultSwitches = (): Switches =>
  Object.fromEntries(names.map((name) => [name, switchTable[name].default])) as Switches;
