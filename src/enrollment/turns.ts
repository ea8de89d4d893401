import type { Case, Turn } from './case';
import { leftoversOf } from './leftovers';
import type { ReadingPurpose } from './steps';

// Steps that more than one rule leads to.

/** Reads the authenticators with this token. */
export const listTurn = (of: Case, purpose: ReadingPurpose, accessToken: string, summary: string): Turn => ({
  case: of,
  step: { type: 'list', purpose, input: { userId: of.userId, accessToken }, summary },
});

/** Deletes the first leftover that may go; `undefined` when there is none. */
export function sweepTurn(
  of: Case,
  accessToken: string,
  spared: (id: string) => boolean = () => false,
): Turn | undefined {
  const { memory, userId } = of;
  if (memory.opening === undefined || memory.sweepStopped) return undefined;
  const first = leftoversOf(memory.authenticators, memory.opening, memory.made).find(({ id }) => !spared(id));
  if (first === undefined) return undefined;
  return {
    case: of,
    step: {
      type: 'delete',
      input: { userId, accessToken, id: first.id },
      summary: 'Remove an authenticator that nobody confirmed',
    },
  };
}
