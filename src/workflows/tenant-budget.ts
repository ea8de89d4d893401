import {
  ApplicationFailure,
  condition,
  continueAsNew,
  defineSignal,
  defineUpdate,
  setHandler,
} from '@temporalio/workflow';
import { failureTypes } from '../enrollment/failures';
import {
  fullBudget,
  lend,
  parseLeaseRequest,
  parsePause,
  parseTenantBudget,
  pause,
  type Lease,
  type LeaseRequest,
  type TenantBudget,
} from '../enrollment/tenant-budget';
import { hasGrown, waitForKeyOf } from './long-run';

export const tenantBudgetType = 'mfaTenantBudget';

/** What a run begins with: nothing yet, or what the run before it knew. */
export interface TenantBudgetInput {
  readonly known: TenantBudget | 'nothing';
}

/** Refused as `malformed` when the argument is no request for a lease, or was not sealed by the payload codec. */
export const leaseCalls = defineUpdate<Lease, [LeaseRequest]>('lease');
/** Auth0 has refused a call of some process, and says for how long: all are to wait. A signal, for nobody waits for it. */
export const pauseCalls = defineSignal<[unknown?]>('paused');

/** After so long without a call there is nothing left to remember. */
const idleMs = 24 * 60 * 60 * 1000;

/** Divides the calls to one Auth0 tenant among all worker processes. Ends by itself when none has asked for a day. */
export async function mfaTenantBudget(input: TenantBudgetInput): Promise<void> {
  let budget = budgetAtStart(input);
  let messages = 0;
  let heardAt = Date.now();
  const hear = (): number => {
    messages += 1;
    heardAt = Date.now();
    return heardAt;
  };
  setHandler(
    leaseCalls,
    (request) => {
      const now = hear();
      const lent = lend(budget ?? fullBudget(request.rate.burst, now), request, now);
      budget = lent.budget;
      return lent.lease;
    },
    {
      description: 'Asks for a share of the calls to the tenant: {id, rate, left, waiting, wants}',
      validator: (value: unknown) => {
        if (parseLeaseRequest(value) !== undefined) return;
        throw ApplicationFailure.nonRetryable(
          'A lease is asked for with {id, rate, left, waiting, wants}, sealed.',
          'malformed',
        );
      },
    },
  );
  setHandler(
    pauseCalls,
    (value) => {
      const now = hear();
      const forMs = parsePause(value);
      if (forMs !== undefined) budget = pause(budget ?? fullBudget(0, now), forMs, now);
    },
    { description: 'Auth0 refuses all calls for so long: {forMs}' },
  );

  for (let until = heardAt + idleMs; until > Date.now(); until = heardAt + idleMs) {
    if (await condition(() => hasGrown(messages), until - Date.now()))
      await continueAsNew<typeof mfaTenantBudget>({ known: budget ?? 'nothing' });
  }
}

/** Undefined: nothing is known yet. */
function budgetAtStart(input: unknown): TenantBudget | undefined {
  waitForKeyOf(input);
  const known = typeof input === 'object' && input !== null && 'known' in input ? input.known : undefined;
  const budget = parseTenantBudget(known);
  if (budget !== undefined || known === 'nothing') return budget;
  throw ApplicationFailure.nonRetryable("A tenant's budget begins with {known: 'nothing'}.", failureTypes.invalidInput);
}
