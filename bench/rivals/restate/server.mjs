// As Restate's documentation has it: a workflow of ctx.run steps, and promises for what comes from outside and goes out.
import * as restate from '@restatedev/restate-sdk';
import { request } from 'undici';
import { createAuth0, expectBoth, Refusal } from '../shared/auth0.mjs';
import { listen } from '../shared/http.mjs';

// This version of the SDK uses it, and Node.js has it from 22 on.
Promise.withResolvers ??= () => {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};

const { env } = process;
const auth0 = createAuth0(env);

const enrollment = restate.workflow({
  name: 'enrollment',
  handlers: {
    async run(ctx, { accessToken, phoneNumber }) {
      const step = (name, call) =>
        ctx.run(name, async () => {
          try {
            return await call();
          } catch (error) {
            throw error instanceof Refusal ? new restate.TerminalError(error.message) : error;
          }
        });
      let awaited = 'started';
      try {
        await step('list', () => auth0.listActive(accessToken));
        const oobCode = await step('associate sms', () => auth0.associateSms(accessToken, phoneNumber));
        await ctx.promise('started').resolve({});
        const smsCode = await ctx.promise('sms');
        awaited = 'sms done';
        const next = await step('confirm sms', () => auth0.confirmSms(accessToken, oobCode, smsCode));
        const setupKey = await step('associate otp', () => auth0.associateOtp(next));
        await ctx.promise('sms done').resolve({ setupKey });
        const otp = await ctx.promise('otp');
        awaited = 'otp done';
        const last = await step('confirm otp', () => auth0.confirmOtp(next, otp));
        await step('read back', async () => expectBoth(await auth0.listActive(last)));
        await ctx.promise('otp done').resolve({ state: 'completed' });
      } catch (error) {
        if (error instanceof restate.TerminalError) await ctx.promise(awaited).reject(error.message);
        throw error;
      }
    },
    started: (ctx) => ctx.promise('started'),
    async code(ctx, { factor, code }) {
      await ctx.promise(factor).resolve(code);
      return ctx.promise(`${factor} done`);
    },
  },
});

await restate.serve({ services: [enrollment], port: Number(env.SERVICE_PORT) });

async function post(url, body) {
  const { statusCode, body: answer } = await request(url, {
    method: 'POST',
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const value = await answer.json();
  if (statusCode >= 400) throw new Error(value.message);
  return value;
}
const ingress = (id, handler, body) =>
  post(`${env.RESTATE_INGRESS}/enrollment/${encodeURIComponent(id)}/${handler}`, body);

await post(`${env.RESTATE_ADMIN}/deployments`, { uri: `http://127.0.0.1:${env.SERVICE_PORT}`, force: true });

listen(env.PORT, {
  async '/start'({ userId: id, ...person }) {
    await ingress(id, 'run/send', person);
    await ingress(id, 'started');
    return { id };
  },
  '/code': ({ id, factor, code }) => ingress(id, 'code', { factor, code }),
});
