import { patched } from '@temporalio/workflow';
import { mfaEnrollment as enrollmentOfNow } from '../../src/workflows/versioned';

export * from '../../src/workflows/versioned';

/**
 * The enrollment as a release before this one might have had it: it leaves a mark in the history that the code of now does not know, so the code of
 * now cannot go on with it. The reverse is possible.
 */
export async function mfaEnrollment(...[input]: Parameters<typeof enrollmentOfNow>) {
  patched('of-the-older-release');
  return enrollmentOfNow(input);
}
