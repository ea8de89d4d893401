import { factors, type FactorName } from '../factors';
import { levelAt } from './bucket';
import { answerableChallenge, currentFactor, isSettled, type Enrollment } from './enrollment';
import { deliveriesOf } from './deliveries';
import { outlookOf } from './outlook';
import { shownPhoneNumber } from './view';
import type { Waiting } from './waiting';

/**
 * An enrollment at `now` (epoch ms) in Markdown, for the operator who opens it in Temporal's web interface: where it is, who must act
 * and since when, and what must happen first; the rest below. Holds no more than the public view does.
 */
export function detailsOf(enrollment: Enrollment, now: number, waiting: Waiting): string {
  const factor = isSettled(enrollment) ? undefined : currentFactor(enrollment);
  const title = factor === undefined ? enrollment.state : `${enrollment.state}: ${factors[factor].title}`;
  const facts = isSettled(enrollment)
    ? [['Ended', iso(enrollment.endedAt)] as const]
    : [...openFacts(enrollment, now), ['Enrollment ends', iso(enrollment.deadline)] as const];
  const rows = [
    ['Factors', enrollment.plan.map((progress) => `${progress.factor} ${progress.state}`).join(', ')] as const,
    ...lastProblem(enrollment),
    ...facts,
    ['Started', iso(enrollment.startedAt)] as const,
  ];
  return [
    `### ${plain(title)}`,
    ...waitingLine(waiting),
    `**Next:** ${plain(outlookOf(enrollment, now).action)}`,
    rows.map(([name, value]) => `- **${name}:** ${plain(value)}`).join('\n'),
  ].join('\n\n');
}

function openFacts(enrollment: Enrollment, now: number): (readonly [string, string])[] {
  const challenge = answerableChallenge(enrollment, now);
  const factor = currentFactor(enrollment);
  return [
    ...(challenge === undefined
      ? []
      : [[challenge.type === 'otp' ? 'Setup key expires' : 'Code expires', iso(challenge.expiresAt)] as const]),
    ['Attempts left', String(levelAt(enrollment.attempts, now))],
    ...(factor === undefined ? [] : deliveryFacts(enrollment, factor, now)),
  ];
}

function deliveryFacts(enrollment: Enrollment, factor: FactorName, now: number): (readonly [string, string])[] {
  const deliveries = deliveriesOf(enrollment, factor, now);
  if (deliveries === undefined) return [];
  const { left, allowedAt } = deliveries;
  const phoneNumber = factors[factor].needs === 'phoneNumber' ? shownPhoneNumber(enrollment) : undefined;
  return [
    ['Messages left', `${left}${allowedAt > now ? `, the next one not before ${iso(allowedAt)}` : ''}`],
    ...(phoneNumber === undefined ? [] : [['Phone number', phoneNumber] as const]),
  ];
}

const whose: Readonly<Record<Waiting['who'], string>> = {
  user: 'the user',
  onboarding: 'the onboarding system',
  operator: 'an operator',
  auth0: 'Auth0',
  nobody: 'nobody',
};

function waitingLine({ who, what, since, orEarlier }: Waiting): string[] {
  if (what === 'nothing') return [];
  return [
    `**Waiting for:** ${whose[who]} (${plain(what)}) since ${iso(since)}${orEarlier === true ? ' or earlier' : ''}`,
  ];
}

const lastProblem = ({ lastProblem: last }: Enrollment): (readonly [string, string])[] =>
  last === undefined
    ? []
    : [
        ['Last problem', `${last.code} at ${iso(last.at)}. ${last.message}`],
        ['Runbook', `docs/runbook.md#${last.code}`],
      ];

/** People's own words are among these: nothing in them may become a link, a picture or another row. */
const plain = (text: string): string => text.replace(/\s+/g, ' ').replace(/[\\`*_[\]<>|~#!&]/g, '\\$&');

const iso = (at: number): string => new Date(at).toISOString();
