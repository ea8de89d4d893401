/** What a person has to change when the tenant, the application or the token is not right. Listed in docs/auth0-mfa-api.md. */
export const remedies = {
  accessTokenNeeded:
    'Bring an access token from /authorize with the MFA audience: an mfa_token enrolls only users without an active factor, and never deletes.',
  scopeMissing: 'Ask for the scopes enroll, read:authenticators and remove:authenticators at /authorize.',
  factorOff: 'Turn the factor on: Auth0 Dashboard, Security, Multi-factor Auth.',
  mfaGrantOff: 'Tick MFA: Auth0 Dashboard, Applications, the application, Advanced Settings, Grant Types.',
  signInGrantOff:
    'Tick Authorization Code and Refresh Token: Auth0 Dashboard, Applications, the application, Advanced Settings, Grant Types.',
  clientRefused:
    'Check AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET against the application, and that its authentication method is Post, or None for a public client without a secret.',
  otherClient: 'Get the token with the application named by AUTH0_CLIENT_ID: Auth0 ties a token to its client.',
  audienceUnknown:
    'Set AUTH0_AUDIENCE to https://<tenant domain>/mfa/: the tenant domain itself, not a custom one, with the slash at the end.',
  notAuth0: 'Check AUTH0_DOMAIN and every proxy on the way: what answers there is not the Auth0 API.',
  unknownError:
    'Look the error up in the log of the Auth0 tenant (Monitoring, Logs): this program does not know what it means.',
} as const;
