/** One authenticator as `GET /mfa/authenticators` lists it, in our spelling. `active` is Auth0's word for confirmed. */
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

/** What an enrollment knows of its user that a factor may need. */
export interface UserDetails {
  /** E.164, with the plus sign. */
  readonly phoneNumber?: string;
}

/** Auth0 counts what it sends to a user in one bucket for phones and in another for mailboxes. */
export type DeliveryBucket = 'phone' | 'email';

/** How a code comes to the user of a factor. */
export type Delivery =
  /** Auth0 sends the user a code with every associate. */
  | {
      readonly type: 'sent';
      /** The bucket that every associate draws on. */
      readonly bucket: DeliveryBucket;
      /** A noun with its article: "a text message". */
      readonly message: string;
    }
  /** Nothing is sent: associate answers with a setup key, and an app computes the codes from it. */
  | { readonly type: 'setupKey' };

/**
 * A factor: how to ask Auth0 for it, how its codes reach the user, and how to recognise its authenticators. What the user
 * answers with follows from the delivery: a code that was sent is a binding code (`mfa-oob`), one of an app is an OTP (`mfa-otp`).
 */
export interface Factor<Name extends string = string> {
  readonly name: Name;
  /** Reads well in a sentence: "text message", "authenticator app". */
  readonly title: string;
  /** What must be known of the user before associate; absent when nothing. */
  readonly needs?: 'phoneNumber';
  readonly delivery: Delivery;
  readonly associateRequest: (user: UserDetails) => AssociateRequest;
  /** Is this authenticator one of this factor's? */
  readonly matches: (authenticator: Authenticator) => boolean;
  /**
   * Is this authenticator of the kind that Auth0 deletes together with one of this factor's ("sms and voice", "push and otp":
   * Auth0 docs, Manage Authentication Factors with Authentication API)?
   */
  readonly deletedTogether: (authenticator: Authenticator) => boolean;
}

/** Keeps the literal name, so that the registry's types follow from its members. */
export const defineFactor = <const Name extends string>(factor: Factor<Name>): Factor<Name> => factor;

/** An authenticator of the oob type on this channel (Auth0's `oob_channel`). */
export const onChannel =
  (channel: string) =>
  ({ authenticatorType, oobChannel }: Authenticator): boolean =>
    authenticatorType === 'oob' && oobChannel === channel;
