import type { CountryCode } from 'libphonenumber-js/max';
import type { Country } from '../../enroll/countries';
import type { Step } from '../../enroll/step';
import { useWords } from '../messages';
import { bold, endingOf } from '../plan';
import type { EnrollPage } from './enroll-page';
import { PageForm } from './parts';

interface Props<Type extends 'number' | 'number_changed'> {
  readonly step: Extract<Step, { type: Type }>;
  readonly page: EnrollPage;
}

const errors = {
  invalid: 'number.error_invalid',
  unusual: 'number.error_unusual',
  country: 'number.error_country',
} as const;

/** The step at which the user says which phone they use. */
export function NumberStep({ step, page }: Props<'number'>) {
  const { text } = useWords();
  const refused = page.refused?.field === 'number' ? page.refused : undefined;
  const error = refused === undefined ? undefined : text(errors[refused.why]);
  const way = step.factor === 'voice' ? 'voice' : 'sms';
  return (
    <>
      <p>{text(`number.lead_${way}`)}</p>
      <PageForm action="/enroll/number" token={page.formToken} button={text(`number.button_${way}`)}>
        <CountryField countries={page.countries} chosen={page.country} />
        <div class="field">
          <label for="number">{text('number.field')}</label>
          <p class="hint" id="number-hint">
            {text('number.hint')}
          </p>
          <input
            id="number"
            name="number"
            type="tel"
            autocomplete="tel"
            maxLength={40}
            required
            value={refused?.value ?? ''}
            autofocus={error !== undefined}
            aria-invalid={error === undefined ? undefined : 'true'}
            aria-describedby={error === undefined ? 'number-hint' : 'number-error number-hint'}
            data-keep="number"
          />
          {error !== undefined && (
            <p class="error" id="number-error">
              {error}
            </p>
          )}
        </div>
      </PageForm>
      {page.isNumberChosen && (
        <p class="others">
          <a class="plain" href="/enroll">
            {text('layout.back')}
          </a>
        </p>
      )}
    </>
  );
}

function CountryField(props: { readonly countries: readonly Country[]; readonly chosen: CountryCode | undefined }) {
  const { text } = useWords();
  return (
    <div class="field">
      <label for="country">{text('number.country')}</label>
      <select id="country" name="country" autocomplete="country" data-keep="number">
        {props.countries.map(({ code, name, callingCode }) => (
          <option key={code} value={code} selected={code === props.chosen}>{`${name} (+${callingCode})`}</option>
        ))}
      </select>
    </div>
  );
}

/** Somebody else has changed the number: the user agrees to it, or gives another one. */
export function NumberChangedStep({ step, page }: Props<'number_changed'>) {
  const { text, rich } = useWords();
  return (
    <>
      <p>{rich('number_changed.lead', { b: bold, ending: endingOf(step.phoneNumber) })}</p>
      <PageForm action="/enroll/sign-in" token={page.formToken} button={text('number_changed.yes')} />
      {page.mayChangeNumber && (
        <a class="button second next" href="/enroll/number">
          {text('number_changed.no')}
        </a>
      )}
    </>
  );
}
