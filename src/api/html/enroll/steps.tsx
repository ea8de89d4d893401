import type { Step } from '../../enroll/step';
import { useWords } from '../messages';
import type { EnrollPage } from './enroll-page';
import { isSetUpByKey, PageForm, Until } from './parts';

interface Props<Type extends Step['type']> {
  readonly step: Extract<Step, { type: Type }>;
  readonly page: EnrollPage;
}

export function SignInStep({ step, page }: Props<'sign_in'>) {
  const { text } = useWords();
  return (
    <>
      <p>{text(`sign_in.${step.reason}`)}</p>
      <PageForm action="/enroll/sign-in" token={page.formToken} button={text('sign_in.button')} />
    </>
  );
}

export function ResendStep({ step, page }: Props<'resend'>) {
  const { text } = useWords();
  const { factor } = step;
  return (
    <>
      {page.problem === undefined && <p>{text(isSetUpByKey(factor) ? 'resend.lead_app' : 'resend.lead_sent')}</p>}
      <PageForm
        action="/enroll/resend"
        token={page.formToken}
        button={text(factor === 'otp' ? 'app.resend' : `code.resend_${factor}`)}
      />
      <OtherNumber page={page} />
    </>
  );
}

export function WaitStep({ step, page }: Props<'wait'>) {
  const { text } = useWords();
  return (
    <>
      <p>
        {step.until === undefined ? (
          text('wait.soon')
        ) : (
          <Until message={`wait.${step.reason}`} now={page.now} until={step.until} />
        )}
      </p>
      {step.reason !== 'attempts' && <OtherNumber page={page} />}
    </>
  );
}

export function TroubleStep({ step, page }: Props<'trouble'>) {
  const { text } = useWords();
  return (
    <>
      <p>{text(`trouble.${step.reason}`)}</p>
      {step.reason === 'texts_stopped' && <OtherNumber page={page} />}
      {step.reason === 'delete_authenticators' && (
        <PageForm action="/enroll/resend" token={page.formToken} button={text('again')} />
      )}
    </>
  );
}

function OtherNumber({ page }: { readonly page: EnrollPage }) {
  const { text } = useWords();
  if (!page.mayChangeNumber) return null;
  return (
    <a class="button second next" href="/enroll/number">
      {text('code.change_number')}
    </a>
  );
}

export function RecoveryCodeStep({ page }: { readonly page: EnrollPage }) {
  const { text } = useWords();
  const code = page.secrets?.recoveryCode;
  if (code === undefined) return <p>{text('preparing.text')}</p>;
  return (
    <>
      <p>{text('recovery.lead')}</p>
      <div class="connect">
        <h2>{text('recovery.code')}</h2>
        <p class="secret" id="recovery-code" translate={false}>
          {code}
        </p>
        <p class="row">
          <button type="button" class="plain" data-copy="recovery-code" data-copied={text('app.copied')} hidden>
            {text('recovery.copy')}
          </button>
          <a class="plain" href="/enroll/recovery-code.txt" download="recovery-code.txt">
            {text('recovery.download')}
          </a>
        </p>
      </div>
      <p>{text('recovery.where')}</p>
      <PageForm action="/enroll/recovery-code" token={page.formToken} button={text('recovery.button')} />
    </>
  );
}

/** What passes by itself, within seconds as a rule. */
export function PassingStep({ step }: { readonly step: { readonly type: 'preparing' | 'checking' | 'read_back' } }) {
  const { text } = useWords();
  return (
    <p class="passing">
      <span class="spinner" aria-hidden="true" />
      {text(`${step.type}.text`)}
    </p>
  );
}
