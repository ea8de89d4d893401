/** One authenticator record as `GET /mfa/authenticators` lists it, in our spelling. `active` is Auth0's word for confirmed. */
export interface Authenticator {
  /** `<prefix>|dev_<16 characters>`, for example `sms|dev_klnv5yshzzoosSUm`. */
  readonly id: string;
  /** `otp`, `oob` or `recovery-code`; other values may come. */
  readonly authenticatorType: string;
  /** `sms`, `voice`, `email` or `auth0` (push); only with `oob`. */
  readonly oobChannel?: string;
  readonly active: boolean;
}

/** The body of `POST /mfa/associate`, in our spelling. One factor a request: Auth0 takes no more. */
export interface AssociateRequest {
  readonly authenticatorTypes: readonly [string];
  readonly oobChannels?: readonly [string];
  /** E.164, with the plus sign. */
  readonly phoneNumber?: string;
}

/** What a case knows of its user that a factor may need. */
export interface EnrollmentDetails {
  /** E.164, with the plus sign. */
  readonly phoneNumber?: string;
}

/**
 * A factor: how to ask Auth0 for it, and how to recognise its records. It says nothing about the step that follows
 * `associate`: Auth0's answer picks that.
 */
export interface Factor<Name extends string = string> {
  readonly name: Name;
  /** Reads well in a sentence: "text message", "authenticator app". */
  readonly title: string;
  /** What the case must know before it may associate; absent when nothing. */
  readonly needs?: 'phoneNumber';
  /** Each associate sends a text, so it draws on the user's bucket of texts. */
  readonly sendsText: boolean;
  readonly associateRequest: (details: EnrollmentDetails) => AssociateRequest;
  /** Is this record one of this factor's? */
  readonly lists: (authenticator: Authenticator) => boolean;
  /**
   * Is this record of the kind that Auth0 deletes together with one of this factor's ("sms and voice", "push and otp":
   * Auth0 docs, Manage Authentication Factors with Authentication API)?
   */
  readonly pairedWith: (authenticator: Authenticator) => boolean;
}

/** Keeps the literal name, so that the registry's types follow from its members. */
export const defineFactor = <const Name extends string>(factor: Factor<Name>): Factor<Name> => factor;
