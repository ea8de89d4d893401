/** Where a setting is changed: by hand, and by the Management API. */
export interface Where {
  readonly dashboard: string;
  readonly api: string;
}

const factor = (name: string, title: string): Where => ({
  dashboard: `Security → Multi-factor Auth → ${title}`,
  api: `PUT /api/v2/guardian/factors/${name} {"enabled": true}`,
});

export const where = {
  configuration: {
    dashboard: 'this environment, not the tenant',
    api: 'AUTH0_DOMAIN, AUTH0_AUDIENCE, AUTH0_CLIENT_ID',
  },
  management: {
    dashboard: 'Applications → APIs → Auth0 Management API → Machine to Machine Applications',
    api: 'POST /api/v2/client-grants',
  },
  application: {
    dashboard: 'Applications → Applications → the application → Settings',
    api: 'GET /api/v2/clients/{id}',
  },
  firstParty: {
    dashboard: 'Applications → Applications: use one that was created there, not by dynamic registration',
    api: 'PATCH /api/v2/clients/{id} {"is_first_party": true}',
  },
  grants: {
    dashboard: 'Applications → Applications → the application → Settings → Advanced Settings → Grant Types',
    api: 'PATCH /api/v2/clients/{id} {"grant_types": […]}: the whole list',
  },
  credentials: {
    dashboard: 'Applications → Applications → the application → Credentials',
    api: 'PATCH /api/v2/clients/{id} {"token_endpoint_auth_method": "client_secret_post"}',
  },
  callbacks: {
    dashboard: 'Applications → Applications → the application → Settings → Allowed Callback URLs',
    api: 'PATCH /api/v2/clients/{id} {"callbacks": […]}: the whole list',
  },
  sms: factor('sms', 'Phone Message'),
  otp: factor('otp', 'One-time Password'),
  recoveryCode: factor('recovery-code', 'Recovery Code'),
  messageTypes: {
    dashboard: 'Security → Multi-factor Auth → Phone Message → SMS',
    api: 'PUT /api/v2/guardian/factors/phone/message-types {"message_types": ["sms"]}',
  },
  provider: {
    dashboard: 'Security → Multi-factor Auth → Phone Message, or Branding → Phone Provider',
    api: 'PUT /api/v2/guardian/factors/phone/selected-provider, or POST /api/v2/branding/phone/providers',
  },
  policy: {
    dashboard: 'Security → Multi-factor Auth → Define policies → Never (or by an Action)',
    api: 'PUT /api/v2/guardian/policies []',
  },
} as const satisfies Record<string, Where>;
