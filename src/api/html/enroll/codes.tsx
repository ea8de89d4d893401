import type { Step } from '../../enroll/step';
import { qrSvg } from '../../qr-svg';
import { useWords } from '../messages';
import { bold, endingOf } from '../plan';
import type { EnrollPage } from './enroll-page';
import { PageForm, Until } from './parts';

interface Props<Type extends 'code' | 'app'> {
  readonly step: Extract<Step, { type: Type }>;
  readonly page: EnrollPage;
}

/** The step at which the user enters a code that was sent to them. */
export function CodeStep({ step, page }: Props<'code'>) {
  const { text, rich } = useWords();
  const { factor } = step;
  return (
    <>
      <p>{rich(`code.lead_${factor}`, { b: bold, ending: endingOf(step.phoneNumber) })}</p>
      <CodeForm
        page={page}
        step={step}
        factor={factor}
        label={text('code.field')}
        rejected={text('code.error_rejected', { attempts: step.attemptsLeft })}
      />
      <div class="others">
        <h2>{text('code.none_came')}</h2>
        <Another step={step} page={page} />
        {page.mayChangeNumber && (
          <p>
            <a class="plain" href="/enroll/number">
              {text('code.change_number')}
            </a>
          </p>
        )}
      </div>
      <p class="muted fine">
        {text('code.warning')} <Until message="code.expires" now={page.now} until={step.expiresAt} />
      </p>
    </>
  );
}

/** How another code comes: by a button, or when. */
function Another({ step: { next, factor }, page }: Props<'code'>) {
  const { text } = useWords();
  switch (next.type) {
    case 'now':
      return (
        <PageForm action="/enroll/resend" token={page.formToken} button={text(`code.resend_${factor}`)} look="plain" />
      );
    case 'at':
      return (
        <p>
          <Until message="code.resend_in" now={page.now} until={next.at} />
        </p>
      );
    case 'by_itself':
      return next.at === undefined ? null : (
        <p>
          <Until message="code.next_in" now={page.now} until={next.at} />
        </p>
      );
  }
}

/** The step at which the user connects an app, and enters what it shows. */
export function AppStep({ step, page }: Props<'app'>) {
  const { text } = useWords();
  const { secrets } = page;
  if (secrets?.type !== 'otp') return <p>{text('preparing.text')}</p>;
  return (
    <>
      <p>{text('app.lead')}</p>
      <div class="connect">
        <a class="button on-phones" href={secrets.barcodeUri}>
          {text('app.open')}
        </a>
        <h2>{text('app.scan')}</h2>
        <div
          class="qr"
          role="img"
          aria-label={text('app.qr')}
          // Nothing of the text that it encodes stands in it: numbers alone.
          dangerouslySetInnerHTML={{ __html: qrSvg(secrets.barcodeUri) }}
        />
        <h2>{text('app.key')}</h2>
        <p class="secret" id="setup-key" translate={false}>
          {groupsOf(secrets.setupKey)}
        </p>
        <button
          type="button"
          class="plain"
          data-copy="setup-key"
          data-groups=""
          data-copied={text('app.copied')}
          hidden
        >
          {text('app.copy')}
        </button>
        <p class="muted fine">{text('app.key_hint')}</p>
      </div>
      <CodeForm
        page={page}
        step={step}
        factor="otp"
        label={text('app.field')}
        rejected={text('app.error_rejected', { attempts: step.attemptsLeft })}
      />
      <div class="others">
        <h2>{text('app.new')}</h2>
        <PageForm action="/enroll/resend" token={page.formToken} button={text('app.resend')} look="plain" />
      </div>
    </>
  );
}

/** The one field for codes. `rejected`: what is said when the last one was wrong. */
function CodeForm(props: {
  readonly page: EnrollPage;
  readonly step: Extract<Step, { type: 'code' | 'app' }>;
  readonly factor: string;
  readonly label: string;
  readonly rejected: string;
}) {
  const { text } = useWords();
  const { page, step, factor, label, rejected } = props;
  const { challengeId } = step;
  const malformed = page.refused?.field === 'code' ? page.refused : undefined;
  const error = malformed === undefined ? (step.rejected ? rejected : undefined) : text('code.error_shape');
  return (
    <PageForm action="/enroll/code" token={page.formToken} button={text('code.button')} busy={text('code.checking')}>
      <input type="hidden" name="factor" value={factor} />
      <input type="hidden" name="challengeId" value={challengeId} />
      <div class="field">
        <label for="code">{label}</label>
        <input
          id="code"
          name="code"
          class="code"
          type="text"
          inputMode="numeric"
          autocomplete="one-time-code"
          spellcheck={false}
          maxLength={20}
          required
          value={malformed?.value ?? ''}
          autofocus={error !== undefined}
          aria-invalid={error === undefined ? undefined : 'true'}
          aria-describedby={error === undefined ? undefined : 'code-error'}
          data-keep={challengeId}
          data-texted={factor === 'sms' ? '' : undefined}
        />
        {error !== undefined && (
          <p class="error" id="code-error" data-say="">
            {error}
          </p>
        )}
      </div>
    </PageForm>
  );
}

/** In groups of four, as people copy them. */
const groupsOf = (key: string): string => key.match(/.{1,4}/g)?.join(' ') ?? key;
