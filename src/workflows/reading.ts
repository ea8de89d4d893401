import { factors, type Authenticator, type FactorName } from '../factors';
import { isAccepted } from '../enrollment/enrollment';
import { orphansOf } from '../enrollment/orphans';
import type { HeldToken } from '../enrollment/tokens';
import { deleteAuthenticator, listAuthenticators } from './auth0-calls';
import { record, type LiveCase } from './live-case';
import { dropToken } from './step-token';

/** `unavailable`: Auth0 did not answer. `token`: it refused this token, which is dropped. */
export type Reading = readonly Authenticator[] | 'unavailable' | 'token';

/** When an Auth0 that is down is asked again (epoch ms). */
export const askAgainAt = (): number => Date.now() + 30_000;

/** Reads what is true, without drawing a conclusion yet. */
export async function look(live: LiveCase, token: HeldToken, summary: string): Promise<Reading> {
  const outcome = await listAuthenticators(token.accessToken, summary);
  switch (outcome.kind) {
    case 'token_refused':
      dropToken(live, token.accessToken, outcome.problem);
      return 'token';
    case 'lost':
    case 'unavailable':
      return 'unavailable';
    case 'listed':
      return outcome.authenticators;
  }
}

/** Takes a reading as the truth. */
export function note(live: LiveCase, authenticators: readonly Authenticator[]): void {
  const opening = live.opening === undefined;
  live.authenticators = authenticators;
  live.opening ??= authenticators;
  live.unsettled = false;
  record(live, { type: 'authenticatorsRead', authenticators, opening });
}

/** Reads, and takes it as the truth. */
export async function read(
  live: LiveCase,
  token: HeldToken,
  summary: string,
): Promise<'read' | 'unavailable' | 'token'> {
  const reading = await look(live, token, summary);
  if (typeof reading === 'string') return reading;
  note(live, reading);
  return 'read';
}

/** Does a reading show this factor active? */
export const listsActive = (authenticators: readonly Authenticator[], factor: FactorName): boolean =>
  authenticators.some((authenticator) => authenticator.active && factors[factor].lists(authenticator));

/** Records this case made that may still lie about unconfirmed: associates sent, less the ones that became active. */
export const looseRecords = (live: LiveCase): number =>
  Object.values(live.made).reduce((sum, made) => sum + made, 0) -
  live.enrollment.plan.filter((progress) => !progress.alreadyActive && isAccepted(progress)).length;

/**
 * Deletes the unconfirmed records of this case among those last read, except `spared` ones. A deletion that fails leaves
 * the record to the next sweep; without the right to delete, all are left.
 */
export async function sweep(
  live: LiveCase,
  token: HeldToken,
  spared: (id: string) => boolean = () => false,
): Promise<void> {
  if (live.opening === undefined) return;
  for (const { id } of orphansOf(live.authenticators, live.opening, live.made)) {
    if (spared(id)) continue;
    const outcome = await deleteAuthenticator(token.accessToken, id, 'Remove a record that nobody confirmed');
    if (outcome.kind !== 'deleted') return;
    live.authenticators = live.authenticators.filter((authenticator) => authenticator.id !== id);
  }
}
