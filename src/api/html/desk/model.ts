import type { EnrollmentPage } from '../../../temporal/enrollments/list';
import type { EnrollmentView } from '../../../temporal/enrollments/runs';
import type { Timeline } from '../../../temporal/enrollments/timeline';
import { codeResults } from '../../schemas';

/** Who is signed in to the desk, as its pages need it. */
export interface Staff {
  /** What the issuer calls this person. */
  readonly name: string;
  readonly role: DeskRole;
  /** Proof for every form of this session. */
  readonly formToken: string;
}

/** What the grants of a token come to: the roles of the API, or somebody who may look only. */
export type DeskRole = 'support' | 'ops' | 'reader';

/** What the desk does to an enrollment. */
export const deskActs = ['binding-code', 'otp', 'resend', 'phone-number', 'links', 'cancel'] as const;
export type DeskAct = (typeof deskActs)[number];

/** What was just done; said once on the page of the enrollment. */
export const saids = [...codeResults, 'pending', 'resent', 'number_changed', 'cancelled', 'cancel_asked'] as const;
export type Said = (typeof saids)[number];

/** Why an act was not done. */
export interface Refusal {
  readonly act: DeskAct;
  /** The public code of the problem. */
  readonly code: string;
  readonly title: string;
  readonly detail?: string | undefined;
  /** The field that has to be corrected; absent where it is none of them. */
  readonly field?: 'code' | 'phoneNumber' | 'reason' | undefined;
  /** What had been typed, to be corrected; no code and no secret. */
  readonly typed: Readonly<Partial<Record<'reason' | 'phoneNumber', string>>>;
}

export interface CasePage {
  readonly staff: Staff;
  readonly enrollment: EnrollmentView;
  /** Undefined where it could not be read now. */
  readonly timeline: Timeline | undefined;
  /** Names what is shown: another key is another page. */
  readonly key: string;
  readonly now: Date;
  /** Its page in Temporal's web interface, for whoever operates it. */
  readonly temporalUrl?: string | undefined;
  /** In each form: what makes a form that is sent twice one act. */
  readonly formKey: string;
  readonly said?: Said | undefined;
  readonly refusal?: Refusal | undefined;
  /** A sign-in link that was made just now. */
  readonly link?: { readonly url: string; readonly expiresAt: string } | undefined;
}

export interface ListFilter {
  readonly waitingFor?: string | undefined;
  readonly state?: string | undefined;
  readonly factor?: string | undefined;
}

export interface ListPage {
  readonly staff: Staff;
  readonly now: Date;
  readonly page: EnrollmentPage;
  /** Of the list; `found` for what was looked for. */
  readonly filter: ListFilter | { readonly found: string };
}
