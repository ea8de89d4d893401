import type { ComponentChildren } from 'preact';
import type { EnrollmentView } from '../../../temporal/enrollments/runs';
import { factors } from '../../../factors';
import type { CasePage, DeskAct } from './model';
import { Until } from './time';

/** A field that has to be corrected: the page begins there. */
const faulty = (isFaulty: boolean) =>
  isFaulty ? { 'aria-invalid': 'true' as const, 'aria-describedby': 'refusal', autofocus: true } : {};

/** What this person may do to the enrollment now, the likeliest first. What a moment does not allow, the enrollment itself refuses. */
export function Acts(page: CasePage) {
  const { enrollment, staff } = page;
  if (enrollment.endedAt !== undefined) {
    return <p class="muted">The enrollment is over. A new one is started by the onboarding system.</p>;
  }
  if (staff.role === 'reader') return <p class="muted">You may look at enrollments, and change none.</p>;
  return (
    <>
      {staff.role === 'support' && <CodeAct {...page} />}
      <Act page={page} act="resend" title={resendTitle(enrollment)} button="Send it">
        {enrollment.nextTextAt !== undefined && (
          <p class="hint">
            Only in <Until at={enrollment.nextTextAt} now={page.now} />.
          </p>
        )}
      </Act>
      <Act page={page} act="phone-number" title="Change the phone number" button="Change the number">
        <p class="hint">Whoever changes the number cannot send its code: a colleague does, or the user.</p>
        <div class="field">
          <label for="phoneNumber">New number, with country code</label>
          <input
            id="phoneNumber"
            name="phoneNumber"
            type="tel"
            required
            maxLength={40}
            autocomplete="off"
            placeholder="+49 151 23456789"
            data-keep="phone-number"
            value={page.refusal?.typed.phoneNumber}
            {...faulty(page.refusal?.field === 'phoneNumber')}
          />
        </div>
      </Act>
      <Act page={page} act="links" title="Make a sign-in link" button="Make the link">
        <p class="hint">Works once, for 10 minutes, and for the user of this enrollment alone.</p>
      </Act>
      <Act page={page} act="cancel" title="Cancel the enrollment" button="Cancel the enrollment" danger>
        <p class="hint">Cannot be undone. The user starts anew.</p>
      </Act>
    </>
  );
}

const resendTitle = ({ factor }: EnrollmentView): string => {
  if (factor === undefined) return 'Send another code';
  const { delivery } = factors[factor];
  return delivery.type === 'sent' ? `Send another ${delivery.message.replace(/^an? /, '')}` : 'Make another QR code';
};

/** The code that the user reads out: what the desk is asked for most. */
function CodeAct({ enrollment, staff, formKey, refusal, now }: CasePage) {
  const { challenge } = enrollment;
  if (challenge === undefined) return <p class="muted">No code is awaited now.</p>;
  const act: DeskAct = challenge.type === 'otp' ? 'otp' : 'binding-code';
  const refused = refusal?.act === act;
  const what = challenge.type === 'otp' ? "Code of the user's app" : 'Code that the user reads out';
  return (
    <form class="act first" method="post" action={`/desk/cases/${enrollment.id}/${act}`}>
      <Hidden token={staff.formToken} formKey={formKey} />
      <input type="hidden" name="challengeId" value={challenge.challengeId} />
      {challenge.type === 'oob' && <input type="hidden" name="factor" value={challenge.factor} />}
      <label for="code">{what}</label>
      <p class="hint" id="code-hint">
        {challenge.type === 'oob' && `Sent to ${challenge.phoneNumber ?? 'the user'}. `}
        Good for <Until at={challenge.expiresAt} now={now} />, {attempts(enrollment.attemptsLeft)} left.
      </p>
      <div class="row">
        <input
          id="code"
          name="code"
          required
          inputmode="numeric"
          autocomplete="off"
          maxLength={40}
          data-keep={challenge.challengeId}
          aria-describedby={refused ? 'refusal code-hint' : 'code-hint'}
          aria-invalid={refused ? 'true' : undefined}
          autofocus={refused}
        />
        <button type="submit" data-busy="Checking…">
          Check
        </button>
      </div>
    </form>
  );
}

const attempts = (count: number): string => (count === 1 ? '1 attempt' : `${count} attempts`);

interface ActProps {
  readonly page: CasePage;
  readonly act: DeskAct;
  readonly title: string;
  readonly button: string;
  readonly danger?: boolean;
  readonly children?: ComponentChildren;
}

/** An act behind its title, with the reason that every one of them needs. */
function Act({ page, act, title, button, danger = false, children }: ActProps) {
  const { enrollment, staff, formKey, refusal } = page;
  const refused = refusal?.act === act;
  const reasonId = `${act}-reason`;
  return (
    <details class="act" id={`act-${act}`} open={refused}>
      <summary>{title}</summary>
      <form method="post" action={`/desk/cases/${enrollment.id}/${act}`}>
        <Hidden token={staff.formToken} formKey={formKey} />
        {children}
        <div class="field">
          <label for={reasonId}>Reason</label>
          <input
            id={reasonId}
            name="reason"
            required
            maxLength={200}
            autocomplete="off"
            list="reasons"
            data-keep={act}
            value={refused ? refusal.typed.reason : undefined}
            {...faulty(refused && refusal.field === 'reason')}
          />
        </div>
        <button type="submit" class={danger ? 'danger' : 'second'} data-busy="One moment…">
          {button}
        </button>
      </form>
    </details>
  );
}

const Hidden = ({ token, formKey }: { readonly token: string; readonly formKey: string }) => (
  <>
    <input type="hidden" name="token" value={token} />
    <input type="hidden" name="key" value={formKey} />
  </>
);
