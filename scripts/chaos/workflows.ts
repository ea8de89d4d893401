/** One run as Temporal's visibility lists it. */
export interface ListedRun {
  readonly workflowId: string;
  /** `COMPLETED`, `CANCELED`, `RUNNING`, … */
  readonly status: string;
  /** Epoch milliseconds. */
  readonly startedAt: number;
}

/** The workflow of an enrollment, whatever run it is in: an enrollment id begins with the 16 bytes of it (src/temporal/ids.ts). */
export function workflowIdOf(enrollmentId: string): string {
  const bytes = Buffer.from(enrollmentId.slice('enr_'.length), 'base64url');
  return `mfa-enrollment-${bytes.subarray(0, 16).toString('base64url')}`;
}

/**
 * How the newest run of each workflow closed. A run that continued as new did not end its enrollment, so it is passed over;
 * each user has one enrollment here, so the newest of the others is the end of the chain.
 */
export function closings(runs: readonly ListedRun[]): ReadonlyMap<string, string> {
  const newest = new Map<string, ListedRun>();
  for (const run of runs) {
    if (run.status === 'CONTINUED_AS_NEW') continue;
    const known = newest.get(run.workflowId);
    if (known === undefined || run.startedAt > known.startedAt) newest.set(run.workflowId, run);
  }
  return new Map([...newest].map(([workflowId, { status }]) => [workflowId, status]));
}
