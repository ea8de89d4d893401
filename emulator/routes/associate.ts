import type { FastifyRequest } from 'fastify';
import {
  addEmail,
  addOtp,
  addPhone,
  addPush,
  addRecoveryCode,
  barcodeUri,
  type Enrollment,
  requireRoom,
} from '../enroll';
import { textField } from '../fields';
import { type MfaSession, requireBearer, requireScope } from '../mfa-session';
import { refusals } from '../refusals';
import { sealOobCode, sendChallenge, takeSending } from '../send-challenge';
import type { OobAuthenticator } from '../authenticator';
import type { Tenant } from '../tenant';
import type { AddRoutes } from './route';

/** `POST /mfa/associate`: begins an enrolment; for a phone it sends the code at once. */
export const associateRoute: AddRoutes = (app, tenant) => {
  app.post('/mfa/associate', async (request) => {
    const session = await requireBearer(tenant, request);
    requireMayAssociate(tenant, session);
    checkClient(tenant, session, request.body);
    const enrollment = readEnrollment(tenant, session, request);
    requireRoom(tenant, session.user, enrollment.type);
    return begin(tenant, session, enrollment);
  });
};

function requireMayAssociate(tenant: Tenant, session: MfaSession): void {
  const { switches, confirmTokens } = tenant.state;
  if (session.via === 'mfa_token') {
    if (session.user.authenticators.some((one) => one.active)) throw refusals.alreadyEnrolled();
    return;
  }
  requireScope(tenant, session, 'enroll');
  if (!switches.confirmTokenForAssociate && confirmTokens.has(session.transaction)) throw refusals.bearerInvalid();
}

/** Client credentials are not asked for here; when they come, they must be right. */
function checkClient(tenant: Tenant, session: MfaSession, body: unknown): void {
  const clientId = textField(body, 'client_id');
  const secret = textField(body, 'client_secret');
  const { switches, applications } = tenant.state;
  if (clientId !== undefined && clientId !== session.clientId) throw refusals.otherClient(switches);
  if (secret !== undefined && secret !== applications.get(session.clientId)?.clientSecret) {
    throw refusals.clientUnauthorized(switches);
  }
}

function readEnrollment(tenant: Tenant, { user }: MfaSession, { body }: FastifyRequest): Enrollment {
  const types = stringList(body, 'authenticator_types');
  if (types === undefined) throw refusals.missingParameter('authenticator_types');
  const [type] = types;
  if (types.length !== 1 || (type !== 'otp' && type !== 'oob')) {
    throw refusals.invalidRequest('authenticator_types must hold exactly one of: otp, oob');
  }
  if (type === 'otp') return { type: 'otp' };
  const plain = tenant.state.switches.oobChannelsAsString ? textField(body, 'oob_channels') : undefined;
  const channels = plain === undefined ? stringList(body, 'oob_channels') : [plain];
  if (channels === undefined) throw refusals.missingParameter('oob_channels');
  const [channel] = channels;
  if (channels.length !== 1) throw refusals.invalidRequest('oob_channels must hold exactly one channel');
  switch (channel) {
    case 'sms':
    case 'voice': {
      const phoneNumber = textField(body, 'phone_number');
      if (phoneNumber === undefined) throw refusals.missingParameter('phone_number');
      return { type: 'phone', channel, phoneNumber };
    }
    case 'email':
      return { type: 'email', email: textField(body, 'email') ?? user.email };
    case 'auth0':
      return { type: 'push' };
    default:
      throw refusals.invalidRequest('oob_channels must hold one of: sms, voice, email, auth0');
  }
}

function stringList(body: unknown, name: string): readonly string[] | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(body, name)?.value;
  return Array.isArray(value) && value.every((one): one is string => typeof one === 'string') ? value : undefined;
}

/** ITU E.164 with a plus; real tenants ask their provider. */
const e164 = /^\+[1-9][0-9]{6,14}$/;

async function begin(tenant: Tenant, session: MfaSession, enrollment: Enrollment): Promise<Record<string, unknown>> {
  const { user } = session;
  switch (enrollment.type) {
    case 'otp': {
      const recoveryCode = addRecoveryCode(tenant, user);
      const { secret } = addOtp(tenant, user);
      return {
        authenticator_type: 'otp',
        ...recoveryCodes(recoveryCode),
        secret,
        barcode_uri: barcodeUri(tenant, user, secret),
      };
    }
    case 'phone': {
      const { channel, phoneNumber } = enrollment;
      const { switches } = tenant.state;
      if (!switches.phoneMessageTypes.includes(channel)) {
        throw refusals.factorDisabled(switches, channel === 'voice' ? 'Voice' : 'SMS');
      }
      if (!e164.test(phoneNumber)) throw refusals.phoneNumberInvalid(switches);
      takeSending(tenant, user, channel);
      const recoveryCode = addRecoveryCode(tenant, user);
      const records = addPhone(tenant, user, channel, phoneNumber);
      return sendAndAnswer(tenant, session, records, recoveryCode);
    }
    case 'email': {
      takeSending(tenant, user, 'email');
      const recoveryCode = addRecoveryCode(tenant, user);
      return sendAndAnswer(tenant, session, addEmail(tenant, user, enrollment.email), recoveryCode);
    }
    case 'push': {
      takeSending(tenant, user, 'auth0');
      const recoveryCode = addRecoveryCode(tenant, user);
      return sendAndAnswer(tenant, session, addPush(tenant, user), recoveryCode);
    }
  }
}

async function sendAndAnswer(
  tenant: Tenant,
  { user, transaction }: MfaSession,
  records: readonly [OobAuthenticator, ...{ readonly id: string }[]],
  recoveryCode: string | undefined,
): Promise<Record<string, unknown>> {
  if (tenant.state.switches.secondAssociateVoidsFirst) voidOpenCodes(tenant, user.userId);
  const challenge = sendChallenge(tenant, user, transaction, records);
  const [{ channel }] = records;
  return {
    authenticator_type: 'oob',
    ...(challenge.answer.by === 'code'
      ? { binding_method: 'prompt' }
      : { barcode_uri: guardianUri(tenant, user.email, challenge.id) }),
    ...recoveryCodes(recoveryCode),
    oob_channel: channel,
    oob_code: await sealOobCode(tenant, challenge),
  };
}

function voidOpenCodes(tenant: Tenant, userId: string): void {
  for (const { userId: owner, answer } of tenant.state.challenges.values()) {
    if (owner === userId && answer.by === 'code' && answer.state === 'open') answer.state = 'void';
  }
}

/** What the Guardian app scans; not a code generator's URI in spite of its scheme. */
function guardianUri(tenant: Tenant, account: string, enrollment: string): string {
  const issuer = encodeURIComponent(tenant.state.switches.friendlyName);
  const base = encodeURIComponent(tenant.place.origin);
  return `otpauth://totp/${issuer}:${encodeURIComponent(account)}?enrollment_tx_id=${enrollment}&base_url=${base}`;
}

const recoveryCodes = (code: string | undefined) => (code === undefined ? {} : { recovery_codes: [code] });
