import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/**
 * What the list of cases can be searched by. Stored in clear and indexed, so only closed words and a time go in.
 * SQL visibility has room for 10 Keyword and 3 Datetime attributes per namespace.
 */
export const searchAttributes = {
  /** An EnrollmentStateName. */
  state: defineSearchAttributeKey('MfaState', SearchAttributeType.KEYWORD),
  /** A FactorName: the factor under way. */
  factor: defineSearchAttributeKey('MfaFactor', SearchAttributeType.KEYWORD),
  /** When the whole case expires. */
  deadline: defineSearchAttributeKey('MfaDeadline', SearchAttributeType.DATETIME),
};
