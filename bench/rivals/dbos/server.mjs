// As DBOS's documentation has it: steps with retries, recv for what comes from outside, events for what goes out.
import { DBOS } from '@dbos-inc/dbos-sdk';
import { createAuth0, expectBoth, Refusal } from '../shared/auth0.mjs';
import { listen } from '../shared/http.mjs';

const { env } = process;
const auth0 = createAuth0(env);
const waitSeconds = 600;

const step = (name, call) =>
  DBOS.runStep(call, {
    name,
    retriesAllowed: true,
    maxAttempts: 10,
    shouldRetry: (error) => !(error instanceof Refusal),
  });

const enroll = DBOS.registerWorkflow(
  async ({ accessToken, phoneNumber }) => {
    let awaited = 'started';
    try {
      await step('list', () => auth0.listActive(accessToken));
      const oobCode = await step('associate sms', () => auth0.associateSms(accessToken, phoneNumber));
      await DBOS.setEvent('started', {});
      const smsCode = await DBOS.recv('sms', waitSeconds);
      awaited = 'sms';
      const next = await step('confirm sms', () => auth0.confirmSms(accessToken, oobCode, smsCode));
      const setupKey = await step('associate otp', () => auth0.associateOtp(next));
      await DBOS.setEvent('sms', { setupKey });
      const otp = await DBOS.recv('otp', waitSeconds);
      awaited = 'otp';
      const last = await step('confirm otp', () => auth0.confirmOtp(next, otp));
      expectBoth(await step('read back', () => auth0.listActive(last)));
      await DBOS.setEvent('otp', { state: 'completed' });
    } catch (error) {
      await DBOS.setEvent(awaited, { error: error.message });
      throw error;
    }
  },
  { name: 'enroll' },
);

DBOS.setConfig({
  name: 'mfa-enrollment',
  systemDatabaseUrl: env.DATABASE_URL,
  systemDatabasePoolSize: 20,
  logLevel: 'error',
});
await DBOS.launch();

async function event(id, name) {
  const value = await DBOS.getEvent(id, name, 60);
  if (!value || value.error) throw new Error(value?.error ?? `${name} did not come`);
  return value;
}

listen(env.PORT, {
  async '/start'({ userId: id, ...person }) {
    await DBOS.startWorkflow(enroll, { workflowID: id })(person);
    await event(id, 'started');
    return { id };
  },
  async '/code'({ id, factor, code }) {
    await DBOS.send(id, code, factor);
    return event(id, factor);
  },
});
