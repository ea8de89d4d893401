import { Agent, request } from 'undici';

/** The tenant has read the call and turned it down: another try would not help. */
export class Refusal extends Error {
  name = 'Refusal';
}

const pool = new Agent({ connections: 128 });
const grantType = (name) => `http://auth0.com/oauth/grant-type/${name}`;

/** The six calls of an enrollment, as Auth0's MFA API documents them. Nothing is read again and nothing is tried again here. */
export function createAuth0({ AUTH0_BASE_URL: baseUrl, AUTH0_CLIENT_ID: clientId, AUTH0_CLIENT_SECRET: clientSecret }) {
  const call = async (method, path, token, body) => {
    const { statusCode, body: answer } = await request(`${baseUrl}${path}`, {
      dispatcher: pool,
      method,
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (statusCode < 400) return JSON.parse(text);
    const message = `${method} ${path} answered ${statusCode}`;
    throw statusCode < 500 && statusCode !== 429 ? new Refusal(message) : new Error(message);
  };
  const confirm = async (mfaToken, factor) => {
    const client = { client_id: clientId, client_secret: clientSecret };
    return (await call('POST', '/oauth/token', undefined, { ...client, mfa_token: mfaToken, ...factor })).access_token;
  };

  return {
    async listActive(token) {
      return (await call('GET', '/mfa/authenticators', token)).filter(({ active }) => active).length;
    },
    async associateSms(token, phoneNumber) {
      const body = { authenticator_types: ['oob'], oob_channels: ['sms'], phone_number: phoneNumber };
      return (await call('POST', '/mfa/associate', token, body)).oob_code;
    },
    async associateOtp(token) {
      return (await call('POST', '/mfa/associate', token, { authenticator_types: ['otp'] })).secret;
    },
    confirmSms: (token, oobCode, code) =>
      confirm(token, { grant_type: grantType('mfa-oob'), oob_code: oobCode, binding_code: code }),
    confirmOtp: (token, code) => confirm(token, { grant_type: grantType('mfa-otp'), otp: code }),
  };
}

/** Throws when the tenant does not list both factors as active. */
export function expectBoth(active) {
  if (active < 2) throw new Refusal(`The tenant lists ${active} active authenticators`);
}
