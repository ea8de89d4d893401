import type { PhoneProvider } from '../../auth0/management/answers';
import type { TenantFacts } from '../../auth0/management/tenant';
import { change, judged, ok, type Check, type Verdict } from './checks';
import { where, type Where } from './where';

const factorScope = 'read:guardian_factors';

/** Factors, how texts get out, and when Auth0 asks for a factor by itself. */
export const factorChecks: readonly Check[] = [
  factorCheck('sms', 'Phone Message', where.sms),
  factorCheck('otp', 'One-time Password', where.otp),
  {
    id: 'phone-message-types',
    title: 'Texts among the phone messages',
    where: where.messageTypes,
    judge: messageTypes,
  },
  { id: 'phone-provider', title: 'Phone provider', where: where.provider, judge: provider },
  {
    id: 'policy',
    title: 'MFA policy',
    where: where.policy,
    judge: ({ policies }) =>
      judged(policies, 'read:mfa_policies', (found) =>
        found.includes('all-applications')
          ? change('It is Always: the sign-in page enrolls the user in a factor before the API can.')
          : ok('It is not Always.'),
      ),
  },
  {
    id: 'recovery-code',
    title: 'Recovery code',
    where: where.recoveryCode,
    judge: ({ factors }) =>
      judged(factors, factorScope, (on) =>
        on.has('recovery-code')
          ? ok("On: a user's first factor brings a recovery code, and the challenge shows it.")
          : ok('Off: users get no recovery code. Both are fine here; turn it on for a way back without the phone.'),
      ),
  },
];

function factorCheck(name: string, title: string, at: Where): Check {
  return {
    id: `factor-${name}`,
    title: `Factor ${title}`,
    where: at,
    judge: ({ factors }) =>
      judged(factors, factorScope, (on) => (on.has(name) ? ok('On.') : change('Off: no user can enroll it.'))),
  };
}

function messageTypes({ messageTypes: types }: TenantFacts): Verdict {
  if (types?.type === 'closed') return ok('On this kind of tenant the phone provider tells it.');
  return judged(types, factorScope, (found) =>
    found.includes('sms')
      ? ok('SMS is among them.')
      : change(`Only ${found.join(', ') || 'nothing'}: no text is sent.`),
  );
}

/** The old call first; where it is closed the tenant has the unified phone experience and lists providers elsewhere. */
function provider({ selectedProvider, phoneProviders }: TenantFacts): Verdict {
  if (selectedProvider?.type === 'closed') return judged(phoneProviders, 'read:phone_providers', unifiedProvider);
  return judged(selectedProvider, factorScope, (found) =>
    found === 'auth0'
      ? change("It is Auth0's own, for evaluation: 100 texts in the tenant's whole life, then none.")
      : ok(found === 'phone-message-hook' ? 'An Action or Hook of your own sends.' : `It is ${found}.`),
  );
}

function unifiedProvider(providers: readonly PhoneProvider[]): Verdict {
  const [inUse] = providers.filter(({ disabled }) => !disabled);
  if (inUse === undefined) {
    return change(providers.length === 0 ? 'None is set up: no text is sent.' : 'It is disabled: no text is sent.');
  }
  const { name, deliveryMethods } = inUse;
  return deliveryMethods !== undefined && !deliveryMethods.includes('text')
    ? change(`${name} delivers ${deliveryMethods.join(', ')} only: no text is sent.`)
    : ok(`It is ${name === 'custom' ? 'an Action of your own' : name}.`);
}
