import type { CampaignDependencies, CampaignFacts, Followed } from '../activities/campaigns';
import { defined } from '../enrollment/defined';
import { ApiProblem } from '../problems';
import type { Enrollments } from '../temporal/enrollments';

/** Problems that are about this one user: the campaign goes on with the others. */
const refusals: readonly string[] = ['enrollment_conflict', 'idempotency_key_reused', 'invalid_request'];

/**
 * Starts and follows enrollments for campaigns, by the same code as the API: ids, owners, memos and conflicts are the same. A user is started
 * under a key that campaign and user give, so that a start which is made again finds the first one.
 */
export const campaignStarts = (
  enrollments: Pick<Enrollments, 'start' | 'get'>,
): Pick<CampaignDependencies, 'start' | 'stateOf'> => ({
  async start({ campaignId, caller, person, settings, partialPolicy }: CampaignFacts, user) {
    try {
      const { enrollment } = await enrollments.start({
        ...{ ...user, factors: settings.factors, caller, idempotencyKey: `${campaignId} ${user.userId}` },
        ...defined({ person }),
        overrides: { lifetimeSeconds: settings.finishWithinSeconds, ...defined({ partialPolicy }) },
      });
      return { type: 'started', enrollmentId: enrollment.id, state: enrollment.state };
    } catch (error) {
      if (error instanceof ApiProblem && refusals.includes(error.code)) return { type: 'refused', why: error.code };
      throw error;
    }
  },
  async stateOf(enrollmentId): Promise<Followed> {
    try {
      return (await enrollments.get(enrollmentId)).state;
    } catch (error) {
      if (error instanceof ApiProblem && error.code === 'enrollment_not_found') return 'lost';
      throw error;
    }
  },
});
