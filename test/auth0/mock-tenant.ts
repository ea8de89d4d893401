import { MockAgent } from 'undici';
import { createMfaClient, type MfaClientConfig } from '../../src/auth0/mfa-client';

/** Every secret of these tests, visibly fake: none of them may show up in an error. */
export const secrets = {
  token: 'eyJfake.access-token.signature',
  mfaToken: 'Fe26.2*SERVER_1*fake-mfa-token',
  oobCode: 'Fe26.2*SERVER_1*fake-oob-code',
  bindingCode: '271828',
  otp: '314159',
  phoneNumber: '+15005550006',
  clientSecret: 'fake-client-secret',
  refreshToken: 'fake-refresh-token',
  code: 'fake-authorization-code',
  codeVerifier: 'fake-code-verifier',
  setupKey: 'HJ6XM2DNERXDAVCUONGWKRTCMNTU6VDF',
  recoveryCode: 'FAKERECOVERYCODE00000000',
};

export const domain = 'tenant.eu.auth0.com';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface CannedAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** A client whose next request gets `answer`, and what that request was. Nothing reaches a network. */
export async function withAnswer<T>(
  answer: CannedAnswer,
  act: (client: ReturnType<typeof createMfaClient>) => Promise<T>,
  config: Partial<MfaClientConfig> = {},
): Promise<{ result: T; seen: SeenRequest }> {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const seen: SeenRequest[] = [];
  const { status, body = '', headers = {} } = answer;
  agent
    .get(`https://${domain}`)
    .intercept({ path: () => true, method: () => true })
    .reply((request) => {
      seen.push({
        method: request.method,
        path: request.path,
        headers: request.headers as Record<string, string>, // the client sends a plain object
        body: typeof request.body === 'string' ? request.body : '',
      });
      return {
        statusCode: status,
        data: typeof body === 'string' ? body : JSON.stringify(body),
        responseOptions: { headers },
      };
    });
  const client = createMfaClient({ domain, clientId: 'client-1', dispatcher: agent, ...config });
  try {
    const result = await act(client);
    agent.assertNoPendingInterceptors();
    const [request] = seen;
    if (!request) throw new Error('the client sent nothing');
    return { result, seen: request };
  } finally {
    await agent.close();
  }
}
