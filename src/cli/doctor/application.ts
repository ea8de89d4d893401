import type { Application } from '../../auth0/management/answers';
import type { Reading } from '../../auth0/management/reading';
import { change, judged, ok, unknown, type Check, type Expected, type Verdict } from './checks';
import { where } from './where';

const grants = {
  authorization_code: 'Authorization Code',
  'http://auth0.com/oauth/grant-type/mfa-oob': 'MFA (mfa-oob)',
  'http://auth0.com/oauth/grant-type/mfa-otp': 'MFA (mfa-otp)',
} as const;

/** The application that AUTH0_CLIENT_ID names. */
export const applicationChecks: readonly Check[] = [
  {
    id: 'management-access',
    title: 'Access to the Management API',
    where: where.management,
    judge: ({ managementToken }) => judged(managementToken, 'of any kind', () => ok('There is a token to ask with.')),
  },
  {
    id: 'application',
    title: 'Application',
    where: where.application,
    judge: ({ application }, { clientId }) =>
      application?.type === 'missing'
        ? change(`The tenant has no application ${clientId}. Check AUTH0_CLIENT_ID and AUTH0_DOMAIN.`)
        : judged(application, 'read:clients', () => ok('It is there.')),
  },
  {
    id: 'first-party',
    title: 'First-party application',
    where: where.firstParty,
    judge: ({ application }) =>
      ofApplication(application, ({ firstParty }) =>
        firstParty ? ok('It is.') : change('It is a third-party application, and those get no MFA grant.'),
      ),
  },
  {
    id: 'grant-types',
    title: 'Grant types',
    where: where.grants,
    judge: ({ application }) =>
      ofApplication(application, ({ grantTypes }) => {
        const missing = Object.entries(grants).filter(([grant]) => !grantTypes.includes(grant));
        if (missing.length === 0) return ok('Authorization Code and MFA are ticked.');
        return change(`Not ticked: ${missing.map(([, title]) => title).join(', ')}.`);
      }),
  },
  {
    id: 'auth-method',
    title: 'Token endpoint authentication method',
    where: where.credentials,
    judge: ({ application }, expected) => ofApplication(application, (found) => judgeMethod(found, expected)),
  },
  {
    id: 'callback',
    title: 'Callback URL',
    where: where.callbacks,
    judge: ({ application }, { callback, emulated }) => {
      if (callback === undefined) return unknown('Not compared: set PUBLIC_URL, the address of the API.');
      return ofApplication(application, ({ callbacks }) => {
        if (emulated && callbacks.length === 0)
          return ok('None is listed, and the emulated tenant then takes every one.');
        return callbacks.some((allowed) => allows(allowed, callback))
          ? ok(`${callback} is allowed.`)
          : change(`${callback} is not among the allowed ones.`);
      });
    },
  },
];

function judgeMethod({ authMethod = 'a key or a certificate' }: Application, { withSecret }: Expected): Verdict {
  const wanted = withSecret ? 'client_secret_post' : 'none';
  if (authMethod === wanted)
    return ok(`It is ${wanted}, as AUTH0_CLIENT_SECRET being ${withSecret ? 'set' : 'absent'} needs.`);
  return change(
    `It is ${authMethod}; with AUTH0_CLIENT_SECRET ${withSecret ? 'set' : 'absent'} it must be ${wanted}. Change one of the two.`,
  );
}

const ofApplication = (reading: Reading<Application> | undefined, judge: (found: Application) => Verdict): Verdict =>
  reading?.type === 'missing' ? unknown('There is no application to look at.') : judged(reading, 'read:clients', judge);

/** Auth0 takes `*` for one label of the host's beginning, and everything else to the letter. */
function allows(allowed: string, callback: string): boolean {
  const pattern = allowed.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace('://*', '://[a-z0-9-]+');
  return new RegExp(`^${pattern.replaceAll('*', '\\*')}$`).test(callback);
}
