import type { z } from 'zod';
import type { codeResult, enrollment, enrollmentPage } from '../../api/schemas';
import { roles, rolesToScopes, type Scope } from '../../scopes';
import type { CommandContext } from '../command';
import { columns } from './columns';
import type { Style } from './style';
import { moment } from './time';

export type Enrollment = z.infer<typeof enrollment>;
export type EnrollmentPage = z.infer<typeof enrollmentPage>;
export type CodeResult = z.infer<typeof codeResult>;

/** Where an enrollment is, what it waits for, and the command that helps. */
export function enrollmentText(
  enrollment: Enrollment,
  context: Pick<CommandContext, 'terminal' | 'style' | 'scopes'>,
): string {
  const { state, factor, factors, challenge, attemptsLeft, textsLeft, deadlines } = enrollment;
  const { phoneNumber, lastProblem, waitingFor } = enrollment;
  const now = context.terminal.now();
  const from = (words: string, at: string | undefined) => (at === undefined ? '' : `, ${words} ${moment(at, now)}`);
  const help = commandFor(enrollment);
  const mayRun = help !== undefined && context.scopes?.includes(help.scope) === true;
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
    ['waits for', waitingFor.who === 'nobody' ? waitingFor.what : `${waitingFor.who} (${waitingFor.what})`],
    ['next', enrollment.nextAction],
    help === undefined ? undefined : ['', mayRun ? help.command : forAnother(help, context)],
  ];
  const lines = columns(rows.filter((row) => row !== undefined));
  return help === undefined ? lines : lines.replace(help.command, context.style('bold', help.command));
}

const factorText = ({ factor, state, active, alreadyActive }: Enrollment['factors'][number]): string =>
  `${factor} ${alreadyActive ? 'active already' : active ? 'active' : state}`;

interface Help {
  readonly command: string;
  readonly scope: Scope;
}

/** The command for what the enrollment waits for; undefined when it waits for nothing that a command can bring. */
function commandFor({ id, waitingFor, challenge }: Enrollment): Help | undefined {
  switch (waitingFor.what) {
    case 'sign_in':
    case 'token':
      return { command: `mfa link ${id}`, scope: 'enrollments:link' };
    case 'binding_code': {
      const factor = challenge === undefined || challenge.factor === 'sms' ? '' : ` --factor ${challenge.factor}`;
      return { command: `mfa code ${id}${factor}`, scope: 'enrollments:code' };
    }
    case 'otp':
      return { command: `mfa otp ${id}`, scope: 'enrollments:code' };
    case 'resend':
      return { command: `mfa resend ${id} --reason …`, scope: 'enrollments:manage' };
    case 'phone_number':
      return { command: `mfa number ${id} --reason …`, scope: 'enrollments:manage' };
    default:
      return undefined;
  }
}

/**
 * Who goes on where the caller may not, or where it is not known what it may do: the API tells nobody their scopes. A command that
 * the caller is known to be refused is not shown.
 */
function forAnother({ command, scope }: Help, { scopes }: Pick<CommandContext, 'scopes'>): string {
  const holders = roles.filter((role) => rolesToScopes[role].some((held) => held === scope));
  return scopes === undefined
    ? `a caller with ${scope} can run: ${command}`
    : `a caller with ${scope} has to go on (${holders.join(', ')})`;
}

/** One line for each change, for `mfa watch`. */
export function enrollmentLine({ state, factor, factors, nextAction }: Enrollment, now: number, style: Style): string {
  const time = new Date(now).toLocaleTimeString('sv-SE');
  const where = factor === undefined ? state : `${state} (${factor})`;
  return `${style('dim', time)}  ${style('bold', where)}  ${factors.map(factorText).join(' · ')}  ${nextAction}`;
}

export function pageText({ enrollments, nextCursor }: EnrollmentPage, now: number): string {
  if (enrollments.length === 0) return 'No enrollment.';
  const head = ['ID', 'STATE', 'FACTOR', 'WAITS FOR', 'STARTED', 'ENDS'];
  const rows = enrollments.map(({ id, state, factor, waitingFor, startedAt, endedAt, deadline }) => {
    const end = endedAt ?? deadline;
    const waits = waitingFor === undefined ? '-' : `${waitingFor.who} (${waitingFor.what})`;
    return [id, state, factor ?? '-', waits, moment(startedAt, now), end === undefined ? '-' : moment(end, now)];
  });
  const table = columns([head, ...rows]);
  return nextCursor === undefined ? table : `${table}\n\nThere are more: --cursor ${nextCursor}`;
}
