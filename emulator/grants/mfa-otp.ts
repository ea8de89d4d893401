import { activate } from '../enroll';
import { attemptBucket, countFailure, requireAttempt } from '../limits';
import { writeLog } from '../logs';
import { findByCode, otpCandidates } from '../otp';
import { refusals } from '../refusals';
import { type GrantHandler, requireField } from './grant';
import { requireMfaSession, tokensAfterMfa } from './mfa';

/** `mfa-otp`: a code of an authenticator app. Names no enrolment, so every secret of the user is tried. */
export const mfaOtp: GrantHandler = async ({ tenant, request, application }) => {
  const code = requireField(tenant, request, 'otp');
  const session = await requireMfaSession(tenant, request, application);
  const { user } = session;
  const bucket = attemptBucket(tenant, 'otp');
  requireAttempt(tenant, user, bucket);
  const found = findByCode(tenant, otpCandidates(tenant, user), code);
  if (found === undefined) {
    countFailure(tenant, user, bucket, 'Invalid otp_code.');
    throw refusals.otpCodeInvalid();
  }
  found.record.lastStep = found.step;
  activate(tenant, user, [found.record.id]);
  writeLog(tenant, 'gd_auth_succeed', user.userId, 'mfa-otp');
  return tokensAfterMfa(tenant, session);
};
