import type { z } from 'zod';
import type { codeResult, enrollment, enrollmentPage } from '../../api/schemas';
import type { EnrollmentStateName } from '../../enrollment/status';
import { roles, rolesToScopes, type Scope } from '../../scopes';
import type { CommandContext } from '../command';
import { shortIds, temporalRunOf } from './ids';
import { columns, printable, type Cell } from './columns';
import type { Format, Style } from './style';
import { moment } from './time';

export type Enrollment = z.infer<typeof enrollment>;
export type EnrollmentPage = z.infer<typeof enrollmentPage>;
export type CodeResult = z.infer<typeof codeResult>;

type TextContext = Pick<CommandContext, 'terminal' | 'style' | 'scopes'>;

/**
 * Where an enrollment is, what it waits for, and the command that helps. `name`: what the person called it, when that was the
 * beginning of its id.
 */
export function enrollmentText(enrollment: Enrollment, context: TextContext, name = enrollment.id): string {
  const { state, factor, factors, challenge, attemptsLeft, textsLeft, deadlines } = enrollment;
  const { phoneNumber, lastProblem, waitingFor } = enrollment;
  const now = context.terminal.now();
  const from = (words: string, at: string | undefined) => (at === undefined ? '' : `, ${words} ${moment(at, now)}`);
  const help = commandFor(enrollment, name);
  const mayRun = help !== undefined && context.scopes?.includes(help.scope) === true;
  const open = enrollment.endedAt === undefined;
  const run = temporalRunOf(enrollment.id);
  const rows: readonly (readonly [string, Cell] | undefined)[] = [
    ['enrollment', enrollment.id],
    run === undefined ? undefined : ['workflow', run.workflowId],
    ['state', [factor === undefined ? state : `${state} (${factor})`, stateFormats[state]]],
    ['factors', factors.map(factorText).join(' · ')],
    phoneNumber === undefined ? undefined : ['number', phoneNumber],
    open ? ['attempts', `${attemptsLeft} left${from('one more at', enrollment.nextAttemptAt)}`] : undefined,
    open ? ['texts', `${textsLeft} left${from('the next from', enrollment.nextTextAt)}`] : undefined,
    challenge === undefined ? undefined : ['code until', moment(challenge.expiresAt, now)],
    open ? ['ends', moment(deadlines.enrollment, now)] : ['ended', moment(enrollment.endedAt ?? '', now)],
    lastProblem === undefined
      ? undefined
      : ['problem', [`${lastProblem.code}: ${lastProblem.message}`, problemFormat(state)]],
    ['waits for', waitingFor.who === 'nobody' ? waitingFor.what : `${waitingFor.who} (${waitingFor.what})`],
    ['next', enrollment.nextAction],
    help === undefined ? undefined : ['', mayRun ? help.command : forAnother(help, context)],
  ];
  const present = rows.filter((row) => row !== undefined);
  const lines = columns(
    present.map(([title, cell]) => [[title, 'dim'], cell]),
    context.style,
  );
  return help === undefined ? lines : lines.replace(help.command, context.style('bold', help.command));
}

/** Green: all is well. Yellow: somebody should look. Red: nothing goes on without an operator. */
const stateFormats: Readonly<Record<EnrollmentStateName, Format>> = {
  awaiting_token: 'cyan',
  associating: 'cyan',
  awaiting_code: 'cyan',
  confirming: 'cyan',
  verifying: 'cyan',
  completed: 'green',
  partial: 'yellow',
  expired: 'yellow',
  cancelled: 'dim',
  failed: 'red',
};

const problemFormat = (state: EnrollmentStateName): Format => {
  if (state === 'completed' || state === 'cancelled') return 'dim'; // it is behind it, or was wanted
  return state === 'failed' ? 'red' : 'yellow';
};

const factorText = ({ factor, state, active, alreadyActive }: Enrollment['factors'][number]): string =>
  `${factor} ${alreadyActive ? 'active already' : active ? 'active' : state}`;

interface Help {
  readonly command: string;
  readonly scope: Scope;
}

/** The command for what the enrollment waits for; undefined when it waits for nothing that a command can bring. */
function commandFor({ waitingFor, challenge }: Enrollment, name: string): Help | undefined {
  switch (waitingFor.what) {
    case 'sign_in':
    case 'token':
      return { command: `mfa link ${name}`, scope: 'enrollments:link' };
    case 'binding_code': {
      const factor = challenge === undefined || challenge.factor === 'sms' ? '' : ` --factor ${challenge.factor}`;
      return { command: `mfa code ${name}${factor}`, scope: 'enrollments:code' };
    }
    case 'otp':
      return { command: `mfa otp ${name}`, scope: 'enrollments:code' };
    case 'resend':
      return { command: `mfa resend ${name} --reason …`, scope: 'enrollments:manage' };
    case 'phone_number':
      return { command: `mfa number ${name} --reason …`, scope: 'enrollments:manage' };
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
export function enrollmentLine(
  { state, factor, factors, lastProblem, nextAction }: Enrollment,
  now: number,
  style: Style,
): string {
  const time = new Date(now).toLocaleTimeString('sv-SE');
  const where = factor === undefined ? state : `${state} (${factor})`;
  const problem =
    lastProblem === undefined || lastProblem.code === state ? '' : `  ${style(problemFormat(state), lastProblem.code)}`;
  const rest = printable(`${factors.map(factorText).join(' · ')}`);
  return `${style('dim', time)}  ${style(stateFormats[state], where)}  ${rest}${problem}  ${printable(nextAction)}`;
}

/** A table; at a terminal with ids that are as short as they can be, for people who type them. */
export function pageText(
  { enrollments, nextCursor }: EnrollmentPage,
  { terminal, style }: Pick<CommandContext, 'terminal' | 'style'>,
): string {
  const now = terminal.now();
  const atTerminal = terminal.stdout.isTTY === true;
  const names = atTerminal ? shortIds(enrollments.map(({ id }) => id)) : undefined;
  const head = ['ID', 'STATE', 'FACTOR', 'WAITS FOR', 'STARTED', 'ENDS'].map((title): Cell => [title, 'bold']);
  const rows = enrollments.map(({ id, state, factor, waitingFor, startedAt, endedAt, deadline }): readonly Cell[] => {
    const end = endedAt ?? deadline;
    const waits = waitingFor === undefined ? '-' : `${waitingFor.who} (${waitingFor.what})`;
    const times = [moment(startedAt, now), end === undefined ? '-' : moment(end, now)];
    return [names?.get(id) ?? id, [state, stateFormats[state]], factor ?? '-', waits, ...times];
  });
  const table = enrollments.length === 0 ? 'No enrollment.' : columns([head, ...rows], style);
  if (nextCursor === undefined) return table;
  // Nobody types a cursor of 180 characters.
  return `${table}\n\nThere are more: ${atTerminal ? '--all shows them, --json has the cursor' : `--cursor ${nextCursor}`}`;
}
