import { OAuthError } from './errors';
import type { Switches } from './switches';

/** Auth0's refusals, word for word. Statuses that nobody recorded come from the switches. */
export const refusals = {
  bearerInvalid: () =>
    new OAuthError(401, 'invalid_grant', 'The mfa_token provided is invalid. Try getting a new token.'),
  alreadyEnrolled: () => new OAuthError(403, 'access_denied', 'User is already enrolled.'),
  insufficientScope: (switches: Switches, scope: string) =>
    new OAuthError(
      switches.statusInsufficientScope,
      switches.errorInsufficientScope,
      `Insufficient scope, expected: ${scope}`,
    ),
  phoneNumberInvalid: (switches: Switches) =>
    new OAuthError(switches.statusBadGateway, 'bad_gateway', 'The phone number is invalid.'),
  tooManyTexts: (switches: Switches) =>
    new OAuthError(
      switches.statusTooManySms,
      'invalid_request',
      'Too many SMS sent by the user. Wait for some minutes before retrying.',
    ),
  tooManyOf: (switches: Switches, what: 'emails' | 'push notifications') =>
    new OAuthError(
      switches.statusTooManySms,
      'invalid_request',
      `Too many ${what} sent by the user. Wait for some minutes before retrying.`,
    ),
  tooManyEntities: (switches: Switches, type: string) =>
    new OAuthError(
      switches.statusTooManyEntities,
      'too_many_entities',
      `You reached the limit of entities of the ${type} type for this user.`,
    ),
  factorDisabled: (switches: Switches, verifier: string) =>
    new OAuthError(
      switches.statusFactorDisabled,
      'unsupported_challenge_type',
      `${verifier} Verifier is disabled for your tenant. You can turn it on from dashboard.`,
    ),
  invalidRequest: (description: string) => new OAuthError(400, 'invalid_request', description),
  missingParameter: (name: string, status = 400) =>
    new OAuthError(status, 'invalid_request', `Missing required parameter: ${name}`),
  otpCodeInvalid: () => new OAuthError(403, 'invalid_grant', 'Invalid otp_code.'),
  bindingCodeInvalid: (switches: Switches) =>
    new OAuthError(switches.statusInvalidBindingCode, 'invalid_grant', 'Invalid binding_code.'),
  oobCodeMalformed: () => new OAuthError(403, 'invalid_grant', 'Malformed oob_code'),
  oobCodeOfOtherToken: (switches: Switches) =>
    new OAuthError(switches.statusOobCodeMismatch, 'invalid_request', "The oob_code doesn't match the mfa_token"),
  mfaTokenMalformed: (switches: Switches) =>
    new OAuthError(switches.statusMalformedMfaToken, 'invalid_grant', 'Malformed mfa_token'),
  expired: (switches: Switches, what: 'mfa_token' | 'oob_code') =>
    new OAuthError(switches.statusExpiredToken, 'expired_token', `${what} is expired`),
  codeExpired: (switches: Switches) =>
    new OAuthError(switches.statusCodeExpired, 'expired_token', 'Verification code is expired'),
  otherClient: (switches: Switches) =>
    new OAuthError(switches.statusWrongClient, 'invalid_request', 'mfa_token not issued to this client'),
  authorizationPending: () =>
    new OAuthError(400, 'authorization_pending', 'Authorization pending: please repeat the request in a few seconds.'),
  slowDown: (switches: Switches) =>
    new OAuthError(switches.statusSlowDown, 'slow_down', 'You are polling faster than allowed.'),
  pushRejected: (switches: Switches) =>
    new OAuthError(
      switches.pushRejectedError === 'access_denied' ? 400 : 403,
      switches.pushRejectedError,
      'MFA Authorization rejected.',
    ),
  recoveryCodeWrong: (switches: Switches) =>
    new OAuthError(switches.statusRecoveryRejected, 'invalid_grant', 'MFA Authorization rejected.'),
  noRecoveryCode: () => new OAuthError(403, 'unsupported_challenge_type', 'User does not have a recovery-code.'),
  tooManyCodes: (switches: Switches) =>
    new OAuthError(
      switches.statusTooManyCodes,
      'invalid_request',
      'Too many failed codes. Wait for some minutes before retrying.',
    ),
  grantNotAllowed: (grantType: string) =>
    new OAuthError(403, 'unauthorized_client', `Grant type '${grantType}' not allowed for the client.`),
  clientUnauthorized: (switches: Switches) => new OAuthError(401, switches.errorWrongSecret, 'Unauthorized'),
  serviceNotFound: (audience: string) => new OAuthError(403, 'access_denied', `Service not found: ${audience}`),
  refreshTokenInvalid: () => new OAuthError(403, 'invalid_grant', 'Unknown or invalid refresh token.'),
  notEnrolled: (switches: Switches) =>
    new OAuthError(
      switches.statusNotEnrolled,
      switches.notEnrolledAnswer,
      'User is not enrolled. You can use /mfa/associate endpoint to enroll the first authenticator.',
    ),
  challengeTypeUnsupported: (asked: string, supported: string) =>
    new OAuthError(
      401,
      'unsupported_challenge_type',
      `The user does not support the requested challenge type (${asked}). Supported type: ${supported}`,
    ),
  authenticatorUnknown: (switches: Switches) =>
    new OAuthError(switches.statusUnknownAuthenticator, 'access_denied', 'Could not find the requested authenticator'),
  // Auth0's documentation says that it cannot be deleted, and gives no words.
  automaticEmail: () => new OAuthError(403, 'access_denied', 'The verified email address cannot be deleted.'),
  authenticatorGone: () => new OAuthError(404, 'not_found', 'Could not find the requested authenticator'),
} as const;
