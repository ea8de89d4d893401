import { sleep } from '@temporalio/workflow';
import { outcomeOf } from '../enrollment/enrollment';
import { limits } from '../enrollment/limits';
import { end } from './ending';
import { nextCommand, recordProblem, type LiveCase } from './live-case';
import { askAgainAt, listsActive, look, note } from './reading';
import { takeToken, tokenOrPause } from './step-token';

/** Auth0 may take a moment to list what it has just accepted. */
const readsBeforeDoubt = 3;
const readAgainMs = 1_000;

/** `verifying`: every factor is accepted; nothing is `completed` before Auth0 lists them all active. */
export async function readBack(live: LiveCase): Promise<void> {
  const token = await tokenOrPause(live, limits.callMarginSeconds);
  if (token === undefined) return;
  for (let reads = 1; ; reads += 1) {
    const reading = await look(live, token, 'Read the factors back');
    if (reading === 'token') return;
    if (reading === 'unavailable') return waitOutOutage(live);
    const allActive = live.enrollment.plan.every(({ factor }) => listsActive(reading, factor));
    if (!allActive && reads < readsBeforeDoubt) {
      await sleep(readAgainMs, { summary: 'A factor is not listed yet' });
      continue;
    }
    note(live, reading); // a factor that is still not listed goes back to the start of its step
    if (outcomeOf(live.enrollment) === 'completed') await end(live, 'completed', token);
    return;
  }
}

async function waitOutOutage(live: LiveCase): Promise<void> {
  const again = askAgainAt();
  recordProblem(live, 'auth0_unavailable', again);
  const command = await nextCommand(live, 'Waiting for Auth0', again);
  switch (command?.type) {
    case undefined:
      return;
    case 'code':
      command.result = { result: 'confirmed' };
      return;
    case 'token':
      takeToken(live, command.token);
      command.done = true;
      return;
    case 'resend':
    case 'changePhoneNumber':
      command.done = true;
  }
}
