import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/**
 * What the list of enrollments can be searched by. Stored in clear and indexed, so only closed words, keyed hashes and a time
 * go in. SQL visibility has room for 10 Keyword and 3 Datetime attributes per namespace.
 */
export const searchAttributes = {
  /** An EnrollmentStateName. */
  state: defineSearchAttributeKey('MfaState', SearchAttributeType.KEYWORD),
  /** A FactorName: the factor under way. */
  factor: defineSearchAttributeKey('MfaFactor', SearchAttributeType.KEYWORD),
  /** When the whole enrollment expires. */
  deadline: defineSearchAttributeKey('MfaDeadline', SearchAttributeType.DATETIME),
  /** Who has to act: `who` of WaitingFor. */
  waitingFor: defineSearchAttributeKey('MfaWaitingFor', SearchAttributeType.KEYWORD),
  /** A keyed hash of the caller who started it. */
  owner: defineSearchAttributeKey('MfaOwner', SearchAttributeType.KEYWORD),
  /** A keyed hash of the phone number that codes go to; absent where there is none, or nobody has made its hash. */
  phoneNumber: defineSearchAttributeKey('MfaPhoneNumber', SearchAttributeType.KEYWORD),
};
