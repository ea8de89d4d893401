import { change, judged, ok, unknown, type Check } from './checks';
import { where } from './where';

const nothing = 'nothing: anyone may ask';

/** What can be seen without the Management API. */
export const reachableChecks: readonly Check[] = [
  {
    id: 'discovery',
    title: 'Discovery document',
    where: where.configuration,
    judge: ({ issuer }, expected) =>
      judged(issuer, nothing, (found) =>
        found === expected.issuer
          ? ok('It is there and names the domain as issuer.')
          : change(`It names another issuer, ${found}: AUTH0_DOMAIN is not the domain that gives the tokens.`),
      ),
  },
  {
    id: 'signing-keys',
    title: 'Signing keys',
    where: where.configuration,
    judge: ({ signingKeys }) =>
      judged(signingKeys, nothing, (count) =>
        count > 0 ? ok(`${count} published.`) : change('None is published: what answers there is not a tenant.'),
      ),
  },
  {
    id: 'mfa-api',
    title: 'MFA API',
    where: where.configuration,
    judge: ({ mfaApi }) => judged(mfaApi, nothing, () => ok('It answers on this domain.')),
  },
  {
    id: 'mfa-audience',
    title: 'Sign-in for the MFA audience',
    where: where.configuration,
    judge: ({ signIn }, { audience }) => {
      if (signIn === undefined) return unknown('Not asked: set PUBLIC_URL, for /authorize wants a callback.');
      return judged(signIn, nothing, (found) => {
        switch (found) {
          case 'accepted':
            return ok(`/authorize takes ${audience}.`);
          case 'audience_unknown':
            return change(
              `/authorize knows no ${audience}. Set AUTH0_AUDIENCE to https://<tenant domain>/mfa/: not a custom domain, with the slash.`,
            );
          case 'callback_or_client_refused':
            return unknown('/authorize refuses the application or its callback before it looks at the audience.');
          case 'other':
            return unknown('/authorize refuses the sign-in for another reason. Try it in a browser.');
        }
      });
    },
  },
  {
    id: 'client-authentication',
    title: 'Client id and secret',
    where: where.credentials,
    judge: ({ client }, { withSecret }) =>
      judged(client, nothing, (found) => {
        if (found !== 'refused') return ok('The token endpoint takes them.');
        return change(
          withSecret
            ? 'The token endpoint refuses AUTH0_CLIENT_ID with AUTH0_CLIENT_SECRET.'
            : 'The token endpoint refuses AUTH0_CLIENT_ID without a secret.',
        );
      }),
  },
];
