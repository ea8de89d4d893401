import type { FactorName } from '../factors';
import type { Actor } from './actor';
import type { Case } from './case';
import type { Answer, CodeCommand, CodeResult, Command, RefusalType } from './commands';
import { defined } from './defined';
import { currentFactor, isSettled } from './enrollment';
import type { Outcome } from './status';
import { foreignToken, type ForeignToken } from './token-owner';

/** A hand, as keyed hashes; absent when nobody can tell whose it was. */
interface ByHand {
  readonly hand?: string;
  readonly handPerson?: string;
  readonly accountHolder?: true;
}

/** One thing that an enrollment did, for the audit log. Holds no token, no code, no key and no number. */
export type AuditLine =
  | ({
      readonly action: 'code_result';
      readonly factor?: FactorName;
      readonly result: CodeResult | RefusalType;
      readonly challengeId?: string;
      /** It came encrypted by our codec, and not from a plain shell. */
      readonly sealed: boolean;
    } & ByHand)
  | ({ readonly action: 'phone_number_changed' } & ByHand)
  | ({ readonly action: 'phone_number_refused'; readonly why: RefusalType } & ByHand)
  | ({ readonly action: 'recovery_code_acknowledged' } & ByHand)
  | { readonly action: 'token_taken'; readonly consent: boolean }
  | { readonly action: 'token_refused'; readonly why: RefusalType | ForeignToken }
  | { readonly action: 'challenge_sent'; readonly factor: FactorName; readonly challengeId: string }
  | { readonly action: 'settled'; readonly state: Outcome };

/**
 * What a case did between `before` and `after`, with the answers that it gave on the way. It tells of every message that was
 * kept, whether anybody waits for its answer or not; an update that was refused at once never came so far.
 */
export function auditOf(before: Case, after: Case, answers: readonly Answer[]): readonly AuditLine[] {
  const lines = answers.flatMap((answer): readonly AuditLine[] => {
    const command = commandOf(before, answer.id);
    return command === undefined ? [] : lineOf(before, command, answer);
  });
  const { challenge } = after.held;
  return [
    ...lines,
    ...(challenge === undefined || isHeld(before, challenge.challengeId)
      ? []
      : [{ action: 'challenge_sent', factor: challenge.factor, challengeId: challenge.challengeId } as const]),
    ...(isSettled(after.enrollment) && !isSettled(before.enrollment)
      ? [{ action: 'settled', state: after.enrollment.state } as const]
      : []),
  ];
}

/** The code under way has left the line already. */
const commandOf = ({ inbox, task }: Case, id: number): Command | undefined =>
  task?.type === 'code' && task.commandId === id ? task.command : inbox.find((each) => each.id === id)?.command;

const isHeld = ({ held }: Case, challengeId: string): boolean => held.challenge?.challengeId === challengeId;

function lineOf(before: Case, command: Command, answer: Answer): readonly AuditLine[] {
  const refused = answer.type === 'refused' ? answer.refusal.type : undefined;
  switch (command.type) {
    case 'code':
      return answer.type === 'done'
        ? []
        : [codeLine(before, command, answer.type === 'code' ? answer.result : answer.refusal.type)];
    case 'changePhoneNumber':
      return [
        refused === undefined
          ? { action: 'phone_number_changed', ...handOf(command.by) }
          : { action: 'phone_number_refused', why: refused, ...handOf(command.by) },
      ];
    case 'token': {
      const why = refused ?? foreignToken(command.token.accessToken, before.userId, before.opaqueTokens);
      return [
        why === undefined
          ? { action: 'token_taken', consent: command.consent === true }
          : { action: 'token_refused', why },
      ];
    }
    case 'acknowledgeRecoveryCode': // once, however often it is said
      return refused !== undefined || before.held.recoveryCode === undefined
        ? []
        : [{ action: 'recovery_code_acknowledged', ...handOf(command.by) }];
    case 'resend': // what comes of it is a challenge that is sent
      return [];
  }
}

function codeLine(
  { enrollment, held, task }: Case,
  { factor, challengeId, by, unsealed }: CodeCommand,
  result: CodeResult | RefusalType,
): AuditLine {
  const asked = task?.type === 'code' ? task.candidates[0] : undefined;
  return {
    action: 'code_result',
    result,
    sealed: unsealed !== true,
    ...defined({
      factor: factor ?? (isSettled(enrollment) ? undefined : currentFactor(enrollment)),
      challengeId: challengeId ?? asked ?? held.challenge?.challengeId,
    }),
    ...handOf(by),
  };
}

const handOf = (by: Actor | undefined): ByHand =>
  defined({ hand: by?.caller, handPerson: by?.person, accountHolder: by?.accountHolder });
