import type { ApiProblemCode } from '../../problems';
import type { ConfirmCodeResult } from '../../workflows/messages';

/** What a user is told of what they did just now, where the page alone does not say it. They stand in an address, so they hold nothing. */
export const notices = [
  'form_not_ours',
  'moved_on',
  'stale_code',
  'code_expired',
  'code_not_checked',
  'code_pending',
  'too_soon',
  'too_many_codes_sent',
  'too_often',
  'unavailable',
  'agree_first',
] as const;
export type Notice = (typeof notices)[number];

/** What a user is told when an act was turned down; undefined for what the page itself shows, or what is a fault. */
export function noticeOfProblem(code: ApiProblemCode): Notice | undefined {
  switch (code) {
    case 'wrong_step':
    case 'not_resendable':
    case 'enrollment_settled':
      return 'moved_on';
    case 'stale_challenge':
      return 'stale_code';
    case 'resend_too_soon':
      return 'too_soon';
    case 'too_many_texts':
      return 'too_many_codes_sent';
    case 'too_many_requests':
      return 'too_often';
    case 'busy':
    case 'unavailable':
      return 'unavailable';
    case 'number_changed':
    case 'second_person_needed':
      return 'agree_first';
    default:
      return undefined;
  }
}

/** What a user is told of a code; undefined where the page shows it: a wrong code, too many of them, a sign-in that ran out. */
export function noticeOfResult(result: ConfirmCodeResult['result'] | undefined): Notice | undefined {
  switch (result) {
    case undefined:
      return 'code_pending';
    case 'expired':
      return 'code_expired';
    case 'unavailable':
      return 'code_not_checked';
    default:
      return undefined;
  }
}
