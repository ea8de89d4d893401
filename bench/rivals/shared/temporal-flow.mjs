import { allHandlersFinished, condition, defineUpdate, setHandler } from '@temporalio/workflow';

/** A workflow of the enrollment whose calls are `auth0`: proxies of local activities or of remote ones. */
export const enrollmentWith = (auth0) =>
  async function enrollment({ accessToken, phoneNumber }) {
    let token = accessToken;
    let oobCode;
    let completed = false;

    setHandler(defineUpdate('started'), () => condition(() => oobCode !== undefined));
    setHandler(defineUpdate('code'), async ({ factor, code }) => {
      if (factor === 'sms') {
        token = await auth0.confirmSms(token, oobCode, code);
        return { setupKey: await auth0.associateOtp(token) };
      }
      token = await auth0.confirmOtp(token, code);
      await auth0.readBack(token);
      completed = true;
      return { state: 'completed' };
    });

    await auth0.listActive(token);
    oobCode = await auth0.associateSms(token, phoneNumber);
    await condition(() => completed);
    await condition(allHandlersFinished);
  };
