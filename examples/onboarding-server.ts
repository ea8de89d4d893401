import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createClient,
  isProblem,
  verifyWebhook,
  WaitError,
  WebhookVerificationError,
} from '@auth0-mfa-enrollment/client';

// An onboarding system: it starts the enrollment of a new employee, gives the link on, and hears what becomes of it.
// MFA_API=… MFA_KEY=… npx tsx examples/onboarding-server.ts, then
// curl http://localhost:8080/employees --json '{"userId":"auth0|…","phoneNumber":"+14155550123"}'
const { MFA_API = 'http://localhost:3000', MFA_KEY = '', WEBHOOK_SECRET = '', PORT = '8080' } = process.env;
const mfa = createClient({ baseUrl: MFA_API, token: MFA_KEY });

async function onboard(body: string): Promise<object> {
  const { userId, phoneNumber } = JSON.parse(body) as { userId: string; phoneNumber: string }; // the API checks what they hold
  // Without a token the enrollment waits for its user, and the answer has the link with which the user signs in.
  // The key makes a repeated request find the enrollment of the first one.
  const { id, state, signInUrl } = await mfa.start(
    { userId, phoneNumber },
    { idempotencyKey: `onboarding-${btoa(userId)}` },
  );
  void follow(id);
  return { id, state, signInUrl };
}

/** Tells of the outcome. A system that is restarted often takes webhooks instead. */
async function follow(id: string): Promise<void> {
  try {
    await mfa.waitFor(id, 'completed');
    console.log(`${id}: both factors are active`);
  } catch (error) {
    if (error instanceof WaitError) console.log(`${id}: ended as ${error.enrollment?.state ?? 'unknown'}`);
    else console.error(`${id}: cannot be followed`, error);
  }
}

async function hear(body: string, { headers }: IncomingMessage): Promise<object> {
  const { id, payload } = await verifyWebhook(body, headers, WEBHOOK_SECRET);
  console.log(`webhook ${id}`, payload); // a webhook comes at least once: take an id that you know as done
  return {};
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const send = (status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  try {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const call = `${request.method} ${request.url}`;
    if (call === 'POST /employees') send(201, await onboard(body));
    else if (call === 'POST /webhooks') send(200, await hear(body, request));
    else send(404, { error: 'There is nothing here.' });
  } catch (error) {
    if (error instanceof WebhookVerificationError) send(400, { error: error.message });
    else if (error instanceof SyntaxError) send(400, { error: 'The body is not JSON.' });
    else if (isProblem(error, 'invalid_request')) send(400, { error: error.message, members: error.problem.errors });
    else if (isProblem(error, 'enrollment_conflict')) send(409, { error: 'This employee is being enrolled already.' });
    else send(502, { error: error instanceof Error ? error.message : 'unknown' });
  }
}

createServer((request, response) => void answer(request, response)).listen(Number(PORT), () =>
  console.log(`http://localhost:${PORT}`),
);
