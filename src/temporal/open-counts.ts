import type { Client } from '@temporalio/client';
import { waitingForWhos, type WaitingFor } from '../enrollment/status';
import { remembered } from './remembered';

/** How many runs are open now, as Temporal's visibility store counts them: it may be seconds behind. */
export interface OpenCounts {
  /** Enrollments, by who has to act. */
  readonly waitingFor: Readonly<Record<WaitingFor['who'], number>>;
  /** Runs of any kind whose workflow tasks fail or time out again and again; the server says so after five in a row. */
  readonly stuck: number;
  /** Enrollments with events that have not arrived at a receiver. */
  readonly undelivered: number;
}

const running = "ExecutionStatus = 'Running'";
const enrollments = `WorkflowType = 'mfaEnrollment' AND ${running}`;

/** For an operator, these queries work in Temporal UI and in its command line as well. */
export const openQueries = {
  waitingFor: (who: WaitingFor['who']): string => `${enrollments} AND MfaWaitingFor = '${who}'`,
  stuck: `WorkflowType STARTS_WITH 'mfa' AND ${running} AND TemporalReportedProblems IN ('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')`,
  undelivered: `WorkflowType = 'mfaWebhookDelivery' AND ${running} AND MfaState = 'undelivered'`,
};

/** Milliseconds. */
const defaultTiming = {
  /** Counts that are not older are not asked for again: each costs the database seven queries. */
  lifeMs: 15_000,
  answerMs: 4_000,
};

/** Counts what is open. Whoever asks at the same time shares one answer. Rejects when Temporal does not answer in time. */
export function createOpenCounts(
  client: Pick<Client, 'workflow' | 'withDeadline'>,
  timing: Partial<typeof defaultTiming> = {},
): () => Promise<OpenCounts> {
  const { lifeMs, answerMs } = { ...defaultTiming, ...timing };
  async function ask(): Promise<OpenCounts> {
    const count = async (query: string): Promise<number> => (await client.workflow.count(query)).count;
    return client.withDeadline(Date.now() + answerMs, async () => {
      const [stuck, undelivered, ...who] = await Promise.all([
        count(openQueries.stuck),
        count(openQueries.undelivered),
        ...waitingForWhos.map((each) => count(openQueries.waitingFor(each))),
      ]);
      const [user = 0, onboarding = 0, operator = 0, auth0 = 0, nobody = 0] = who; // in the order of `waitingForWhos`
      return { stuck, undelivered, waitingFor: { user, onboarding, operator, auth0, nobody } };
    });
  }

  return remembered(ask, lifeMs);
}
