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
