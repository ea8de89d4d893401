import type { CountryCode } from 'libphonenumber-js/max';
import type { ProblemCode } from '../../../enrollment/problems';
import type { ChallengeSecrets } from '../../../enrollment/status';
import type { FactorName } from '../../../factors';
import type { Country } from '../../enroll/countries';
import type { Notice } from '../../enroll/notices';
import type { Step } from '../../enroll/step';
import type { Plan } from '../plan';

/** Everything that the page shows. */
export interface EnrollPage {
  readonly step: Step;
  readonly plan: Plan;
  /** The factor under way. */
  readonly factor?: FactorName;
  /** Why the enrollment is not where it should be. */
  readonly problem?: ProblemCode;
  readonly notice?: Notice;
  /** What was wrong with the form that was sent just now, and what was in its field. */
  readonly refused?:
    | { readonly field: 'code'; readonly value: string }
    | { readonly field: 'number'; readonly value: string; readonly why: 'invalid' | 'unusual' | 'country' };
  /** Only for steps that show them. */
  readonly secrets?: ChallengeSecrets;
  readonly formToken: string;
  readonly mayChangeNumber: boolean;
  /** The user has asked for the form of the number, and can go back. */
  readonly isNumberChosen: boolean;
  /** Whose numbers may be given; only for the form of the number. */
  readonly countries: readonly Country[];
  readonly country?: CountryCode;
  /** Names what is shown: with another key, another page would be shown. */
  readonly key: string;
  /** ISO 8601. */
  readonly now: string;
}
