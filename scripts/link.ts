import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { runMain } from '../src/run-main';
import { send } from './stack/http';
import { sharedStackFile } from './stack/stack-file';

const stackFile = z.object({
  api: z.string(),
  emulatorControl: z.string(),
  keys: z.object({ onboarding: z.string() }),
});
const password = 'correct horse battery';

/** `npm run link`: a new user at the emulated tenant of the running stack, and a link for them to the enrollment page. */
async function main(): Promise<void> {
  const stack = stackFile.parse(JSON.parse(readStackFile()));
  const email = `user-${randomBytes(4).toString('hex')}@example.com`;
  const user = await send({ method: 'POST', url: `${stack.emulatorControl}/users`, body: { email, password } });
  const { userId } = z.object({ userId: z.string() }).parse(user.body);
  const started = await send({
    ...{ method: 'POST', url: `${stack.api}/v1/enrollments`, key: stack.keys.onboarding },
    body: { userId, phoneNumber: '+14155550123' },
  });
  const { signInUrl } = z.object({ signInUrl: z.string() }).parse(started.body);
  const lines = [
    `Link, good for ten minutes:  ${signInUrl}`,
    `Sign in with:                ${email}`,
    `Password:                    ${password}`,
    `Texts and app codes:         ${stack.emulatorControl}/`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function readStackFile(): string {
  try {
    return readFileSync(sharedStackFile, 'utf8');
  } catch (error) {
    throw new Error('No stack is up. Run "npm start" in another terminal.', { cause: error });
  }
}

void runMain(main);
