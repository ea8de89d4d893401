import { factors } from '../factors';
import { levelAt } from './bucket';
import { currentFactor, isSettled, type Enrollment } from './enrollment';
import { nextAction, textAllowedAt } from './view';

/**
 * A case at `now` (epoch ms) in Markdown, for the operator who opens it in Temporal's web interface: where it is and what
 * must happen first, the rest below. Holds no more than the public view does.
 */
export function detailsOf(enrollment: Enrollment, now: number): string {
  const factor = isSettled(enrollment) ? undefined : currentFactor(enrollment);
  const title = factor === undefined ? enrollment.state : `${enrollment.state}: ${factors[factor].title}`;
  const facts = isSettled(enrollment)
    ? [['Ended', iso(enrollment.endedAt)] as const]
    : [...openFacts(enrollment, now), ['Case ends', iso(enrollment.deadline)] as const];
  const rows = [
    ['Factors', enrollment.plan.map((progress) => `${progress.factor} ${progress.state}`).join(', ')] as const,
    ...lastProblem(enrollment),
    ...facts,
    ['Started', iso(enrollment.startedAt)] as const,
  ];
  return [
    `### ${plain(title)}`,
    `**Next:** ${plain(nextAction(enrollment, now))}`,
    rows.map(([name, value]) => `- **${name}:** ${plain(value)}`).join('\n'),
  ].join('\n\n');
}

function openFacts(enrollment: Enrollment, now: number): (readonly [string, string])[] {
  const challenge = 'challenge' in enrollment ? enrollment.challenge : undefined;
  const factor = currentFactor(enrollment);
  return [
    ...(challenge === undefined
      ? []
      : [[challenge.type === 'otp' ? 'Setup key dies' : 'Code dies', iso(challenge.expiresAt)] as const]),
    ['Codes that may still be wrong', String(levelAt(enrollment.attempts, now))],
    ...(factor !== undefined && factors[factor].sendsText ? textFacts(enrollment, now) : []),
  ];
}

function textFacts(enrollment: Enrollment, now: number): (readonly [string, string])[] {
  const next = textAllowedAt(enrollment, now);
  return [
    ['Texts left', `${levelAt(enrollment.texts, now)}${next > now ? `, the next one not before ${iso(next)}` : ''}`],
    ...(enrollment.phoneNumber === undefined ? [] : [['Phone number', enrollment.phoneNumber] as const]),
  ];
}

const lastProblem = ({ lastProblem: last }: Enrollment): (readonly [string, string])[] =>
  last === undefined ? [] : [['Last problem', `${last.code} at ${iso(last.at)}. ${last.message}`]];

/** People's own words are among these: nothing in them may become a link, a picture or another row. */
const plain = (text: string): string => text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|~#!&]/g, '\\$&');

const iso = (at: number): string => new Date(at).toISOString();
