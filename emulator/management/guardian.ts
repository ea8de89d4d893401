import { z } from 'zod';
import type { AddRoutes } from '../routes/route';
import type { Switches } from '../switches';
import type { Tenant } from '../tenant';
import { ManagementError, readBody, requireScope } from './access';

/** The factors that the emulator has, with the switch behind each. */
const factorSwitch = {
  sms: 'smsFactor',
  otp: 'otpFactor',
  email: 'emailFactor',
  'push-notification': 'pushFactor',
  'recovery-code': 'recoveryCodes',
} as const;

const factorName = z.enum(['sms', 'otp', 'email', 'push-notification', 'recovery-code']);
/** Listed by Auth0, never on here. */
const absentFactors = ['duo', 'webauthn-roaming', 'webauthn-platform'];

const policies = z.array(z.enum(['all-applications', 'confidence-score'])).max(1);
const messageTypes = z.object({
  message_types: z.array(z.enum(['sms', 'voice'])).min(1),
});
const provider = z.object({ provider: z.enum(['auth0', 'twilio', 'phone-message-hook']) });

/** Factors, phone channels, phone provider and policy of the tenant. */
export const guardianRoutes: AddRoutes = (app, tenant) => {
  app.get('/api/v2/guardian/factors', async (request) => {
    await requireScope(tenant, request, 'read:guardian_factors');
    const present = factorName.options.map((name) => ({
      name,
      enabled: tenant.state.switches[factorSwitch[name]],
      trial_expired: false,
    }));
    return [...present, ...absentFactors.map((name) => ({ name, enabled: false, trial_expired: false }))];
  });

  app.put<{ Params: { name: string } }>('/api/v2/guardian/factors/:name', async (request) => {
    await requireScope(tenant, request, 'update:guardian_factors');
    const name = readBody(factorName, request.params.name);
    const { enabled } = readBody(z.object({ enabled: z.boolean() }), request.body);
    tenant.state.switches[factorSwitch[name]] = enabled;
    return { enabled };
  });

  app.get('/api/v2/guardian/factors/phone/message-types', async (request) => {
    await requireScope(tenant, request, 'read:guardian_factors');
    return { message_types: tenant.state.switches.phoneMessageTypes };
  });

  app.put('/api/v2/guardian/factors/phone/message-types', async (request) => {
    await requireScope(tenant, request, 'update:guardian_factors');
    const { message_types } = readBody(messageTypes, request.body);
    tenant.state.switches.phoneMessageTypes = message_types;
    return { message_types };
  });

  app.get('/api/v2/guardian/factors/phone/selected-provider', async (request) => {
    await requireScope(tenant, request, 'read:guardian_factors');
    refuseUnified(tenant);
    return { provider: tenant.state.switches.phoneProvider };
  });

  app.put('/api/v2/guardian/factors/phone/selected-provider', async (request) => {
    await requireScope(tenant, request, 'update:guardian_factors');
    refuseUnified(tenant);
    tenant.state.switches.phoneProvider = readBody(provider, request.body).provider;
    return { provider: tenant.state.switches.phoneProvider };
  });

  app.get('/api/v2/branding/phone/providers', async (request) => {
    await requireScope(tenant, request, 'read:phone_providers');
    return { providers: phoneProviders(tenant.state.switches) };
  });

  app.get('/api/v2/guardian/policies', async (request) => {
    await requireScope(tenant, request, 'read:mfa_policies');
    return tenant.state.switches.mfaPolicy === 'always' ? ['all-applications'] : [];
  });

  app.put('/api/v2/guardian/policies', async (request) => {
    await requireScope(tenant, request, 'update:mfa_policies');
    const asked = readBody(policies, request.body);
    if (asked.includes('confidence-score')) {
      throw new ManagementError(400, 'invalid_body', 'Adaptive MFA (confidence-score) is not emulated.');
    }
    tenant.state.switches.mfaPolicy = asked.length === 0 ? 'never' : 'always';
    return asked;
  });
};

/** With the unified phone experience alone. Auth0's own sender for evaluation is none of the providers. */
function phoneProviders(switches: Switches): readonly Record<string, unknown>[] {
  const { unifiedPhone, phoneProvider, phoneProviderDisabled, phoneMessageTypes } = switches;
  if (!unifiedPhone || phoneProvider === 'auth0') return [];
  return [
    {
      id: 'pro_1',
      name: phoneProvider === 'twilio' ? 'twilio' : 'custom',
      channel: 'phone',
      disabled: phoneProviderDisabled,
      configuration: { delivery_methods: phoneMessageTypes.map((type) => (type === 'sms' ? 'text' : 'voice')) },
    },
  ];
}

function refuseUnified(tenant: Tenant): void {
  if (!tenant.state.switches.unifiedPhone) return;
  throw new ManagementError(
    403,
    'insufficient_privileges',
    'Insufficient privileges to use this deprecated feature. Use the phone providers of branding instead.',
  );
}
