import { isoTime } from './clock';
import { alphabets } from './random';
import type { Tenant } from './tenant';

/** The event type codes of Auth0's tenant log that belong to MFA. */
export type LogType =
  | 'gd_start_enroll'
  | 'gd_enrollment_complete'
  | 'gd_send_sms'
  | 'gd_send_sms_failure'
  | 'gd_send_voice'
  | 'gd_send_email'
  | 'gd_send_pn'
  | 'gd_start_auth'
  | 'gd_auth_succeed'
  | 'gd_auth_failed'
  | 'gd_auth_rejected'
  | 'gd_otp_rate_limit_exceed'
  | 'gd_unenroll';

export interface TenantLog {
  readonly log_id: string;
  readonly date: string;
  readonly type: LogType;
  readonly user_id: string;
  readonly description: string;
}

export function writeLog(tenant: Tenant, type: LogType, userId: string, description: string): void {
  tenant.state.logs.push({
    log_id: tenant.random.text(alphabets.hex, 24),
    date: isoTime(tenant.clock.now()),
    type,
    user_id: userId,
    description,
  });
}
