import { newRecoveryCode } from '../enroll';
import { countFailure, requireAttempt } from '../limits';
import { writeLog } from '../logs';
import { refusals } from '../refusals';
import { type GrantHandler, requireField } from './grant';
import { requireMfaSession, tokensAfterMfa } from './mfa';

/** `mfa-recovery-code`: works once; the answer brings the next one. */
export const mfaRecoveryCode: GrantHandler = async ({ tenant, request, application }) => {
  const code = requireField(tenant, request, 'recovery_code');
  const session = await requireMfaSession(tenant, request, application);
  const { user } = session;
  const record = user.authenticators.find((one) => one.kind === 'recovery-code' && one.active);
  if (record?.kind !== 'recovery-code') throw refusals.noRecoveryCode();
  requireAttempt(tenant, user, 'recoveryAttempts');
  if (record.code !== code) {
    countFailure(tenant, user, 'recoveryAttempts', 'Invalid recovery_code.');
    throw refusals.recoveryCodeWrong(tenant.state.switches);
  }
  record.code = newRecoveryCode(tenant);
  writeLog(tenant, 'gd_auth_succeed', user.userId, 'mfa-recovery-code');
  return { ...(await tokensAfterMfa(tenant, session)), recovery_code: record.code };
};
