import { createClient, isProblem } from '@auth0-mfa-enrollment/client';

// What a person at the help desk runs while the user is on the phone: where the enrollment is, and a new code if it waits for one.
// MFA_API=… MFA_KEY=… npx tsx examples/support-script.ts '+14155550123'
const { MFA_API = 'http://localhost:3000', MFA_KEY = '' } = process.env;
const mfa = createClient({ baseUrl: MFA_API, token: MFA_KEY });

async function help(phoneNumber: string): Promise<void> {
  const { enrollments } = await mfa.find({ phoneNumber, limit: 1 });
  const [newest] = enrollments;
  if (newest === undefined) return console.log('No enrollment sends its codes to this number.');
  const { state, waitingFor, nextAction, textsLeft } = await mfa.get(newest.id);
  console.log(`${newest.id}: ${state}. ${nextAction}`);
  if (waitingFor.what !== 'binding_code' || textsLeft === 0) return;
  try {
    await mfa.resend(newest.id, { reason: 'The user says on the phone that no code came' });
    console.log('A new code is on its way.');
  } catch (error) {
    if (isProblem(error, 'resend_too_soon')) console.log(`Try again in ${error.retryAfter ?? 30} seconds.`);
    else throw error;
  }
}

help(process.argv[2] ?? '').catch((error: unknown) => {
  console.error(isProblem(error) ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
});
