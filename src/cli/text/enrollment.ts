import type { z } from 'zod';
import type { codeResult, enrollment, enrollmentPage } from '../../api/schemas';
import { columns } from './columns';
import type { Style } from './style';
import { moment } from './time';

export type Enrollment = z.infer<typeof enrollment>;
export type EnrollmentPage = z.infer<typeof enrollmentPage>;
export type CodeResult = z.infer<typeof codeResult>;

/** Where an enrollment is, what it waits for, and the command that helps. `now` in epoch ms. */
export function enrollmentText(enrollment: Enrollment, now: number, style: Style): string {
  const { state, factor, factors, challenge, attemptsLeft, textsLeft, deadlines, phoneNumber, lastProblem } =
    enrollment;
  const from = (words: string, at: string | undefined) => (at === undefined ? '' : `, ${words} ${moment(at, now)}`);
  const command = nextCommand(enrollment, now);
  const open = enrollment.endedAt === undefined;
  const rows: readonly (readonly [string, string] | undefined)[] = [
    ['enrollment', enrollment.id],
    ['state', factor === undefined ? state : `${state} (${factor})`],
    ['factors', factors.map(factorText).join(' · ')],
    phoneNumber === undefined ? undefined : ['number', phoneNumber],
    open ? ['attempts', `${attemptsLeft} left${from('one more at', enrollment.nextAttemptAt)}`] : undefined,
    open ? ['texts', `${textsLeft} left${from('the next from', enrollment.nextTextAt)}`] : undefined,
    challenge === undefined ? undefined : ['code until', moment(challenge.expiresAt, now)],
    open ? ['ends', moment(deadlines.enrollment, now)] : ['ended', moment(enrollment.endedAt ?? '', now)],
    lastProblem === undefined ? undefined : ['problem', `${lastProblem.code}: ${lastProblem.message}`],
    ['next', enrollment.nextAction],
    command === undefined ? undefined : ['', command],
  ];
  const lines = columns(rows.filter((row) => row !== undefined));
  return command === undefined ? lines : lines.replace(command, style('bold', command));
}

const factorText = ({ factor, state, active, alreadyActive }: Enrollment['factors'][number]): string =>
  `${factor} ${alreadyActive ? 'active already' : active ? 'active' : state}`;

/** The command for what the enrollment waits for; undefined when it waits for nothing that a command can bring. */
export function nextCommand({ id, state, challenge }: Enrollment, now: number): string | undefined {
  if (state === 'awaiting_token') return `mfa link ${id}`;
  if (state !== 'awaiting_code' || challenge === undefined) return undefined;
  if (challenge.type === 'otp') return `mfa otp ${id}`;
  return Date.parse(challenge.expiresAt) <= now ? `mfa resend ${id} --reason …` : `mfa code ${id}`;
}

/** One line for each change, for `mfa watch`. */
export function enrollmentLine({ state, factor, factors, nextAction }: Enrollment, now: number, style: Style): string {
  const time = new Date(now).toLocaleTimeString('sv-SE');
  const where = factor === undefined ? state : `${state} (${factor})`;
  return `${style('dim', time)}  ${style('bold', where)}  ${factors.map(factorText).join(' · ')}  ${nextAction}`;
}

export function pageText({ enrollments, nextCursor }: EnrollmentPage, now: number): string {
  if (enrollments.length === 0) return 'No enrollment.';
  const head = ['ID', 'STATE', 'FACTOR', 'STARTED', 'ENDS'];
  const rows = enrollments.map(({ id, state, factor, startedAt, endedAt, deadline }) => {
    const end = endedAt ?? deadline;
    return [id, state, factor ?? '-', moment(startedAt, now), end === undefined ? '-' : moment(end, now)];
  });
  const table = columns([head, ...rows]);
  return nextCursor === undefined ? table : `${table}\n\nThere are more: --cursor ${nextCursor}`;
}
