import { log } from '@temporalio/workflow';
import { auditOf } from '../enrollment/audit';
import { cancel, receive, withMessagesSince, type Case } from '../enrollment/case';
import type { Answer, Command } from '../enrollment/commands';
import { countOf } from '../enrollment/metrics';
import { count } from './metrics';

/** One run: the case as it is now, and what its message handlers and its loop tell each other. Rebuilt by replay. */
export interface Run {
  current: Case;
  /** Answers that somebody waits for, by command. */
  readonly answers: Map<number, Answer>;
  /** Commands whose sender waits for the answer; a signal has nobody who does. */
  readonly awaited: Set<number>;
  /** Messages that this run has received. */
  messages: number;
  /** The run is about to continue as new: updates are sent away until it has. */
  continuing: boolean;
  /** More will be done in the workflow task at work. */
  inTask: boolean;
  /** Nothing will be answered any more. */
  over: boolean;
  /**
   * Up to here (epoch ms) time stands still: in the first workflow task, until its first result is recorded. Temporal tells replay a later
   * time there, where the task took long.
   */
  stoppedAt: number | undefined;
}

/** Workflow time (epoch ms). */
export const nowOf = ({ stoppedAt }: Pick<Run, 'stoppedAt'>): number => stoppedAt ?? Date.now();

export const openRun = (current: Case, stoppedAt: number | undefined): Run => ({
  current,
  answers: new Map(),
  awaited: new Set(),
  messages: 0,
  continuing: false,
  inTask: false,
  over: false,
  stoppedAt,
});

/** Puts a command in line: its id, or `undefined` when too many wait. */
export function send(run: Run, command: Command): number | undefined {
  const { case: next, id } = receive(run.current, command);
  run.current = next;
  return id;
}

/** Asks for the end: never waits in line, and is never dropped. */
export function askToCancel(run: Run, reason: string | undefined): void {
  run.current = cancel(run.current, reason);
}

/** Goes on with what was decided or learnt. */
export function goOn(run: Run, next: Change): void {
  tell(run, run.current, next);
  run.current = next.case;
}

/** Goes on from `then` with what steps inside the workflow task have come to. Messages that came meanwhile stay in line. */
export function catchUp(run: Run, then: Case, changes: readonly Change[]): void {
  let before = then;
  for (const next of changes) {
    tell(run, before, next);
    before = next.case;
  }
  run.current = withMessagesSince(then, run.current, before);
}

interface Change {
  readonly case: Case;
  readonly answers: readonly Answer[];
}

/** Writes a change to the audit log and counts it, which replay leaves alone, and keeps the answers that somebody waits for. */
function tell(run: Run, before: Case, { case: after, answers }: Change): void {
  for (const line of auditOf(before, after, answers)) {
    log.info('audit', { audit: true, ...line });
    const counted = countOf(line);
    if (counted !== undefined) count(counted.metric, counted.labels);
  }
  for (const answer of answers) if (run.awaited.has(answer.id)) run.answers.set(answer.id, answer);
}
