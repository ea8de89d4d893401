import { Option } from 'commander';
import { startBody, startedEnrollment } from '../../api/schemas';
import { defined } from '../../enrollment/defined';
import { factorNames } from '../../factors';
import { apiCommand, onCall, withExamples, type CommandParts } from '../command';
import { suggest } from '../completion/suggestions';
import { checked, readToken, type TokenSource } from '../inputs';
import { enrollmentText } from '../text/enrollment';

const scope = 'enrollments:start';

interface Options extends TokenSource {
  readonly phone?: string;
  readonly factors?: string;
}

/** `mfa start`: a token is read from a file or the standard input; an argument would show it to every process. */
export function startCommand(parts: CommandParts) {
  const command = apiCommand('start', scope, 'Start the enrollment of a user')
    .argument('<userId>', "Auth0's user_id, such as auth0|507f1f77bcf86cd799439020")
    .option('--phone <number>', 'phone number with its country code, such as +14155550123')
    .addOption(
      suggest(new Option('--factors <list>', 'factors in their order, such as sms,otp'), factorNames, { list: true }),
    )
    .option('--token-file <path>', 'a file with the access token, or JSON {accessToken, expiresIn?, refreshToken?}')
    .option('--token-stdin', 'the same from the standard input');
  const user = "'auth0|507f1f77bcf86cd799439020'";
  withExamples(command, `start ${user}`, `start ${user} --phone +14155550123 --token-file token.json`);
  return onCall<Options, [string]>(command, scope, parts, async (context, options, userId) => {
    const token = await readToken(context.terminal, options);
    const body = checked(startBody, {
      userId,
      ...defined({
        phoneNumber: options.phone,
        factors: options.factors?.split(',').map((name) => name.trim()),
        token,
      }),
    });
    const started = await context.api.call({ method: 'POST', path: '/enrollments', body, answer: startedEnrollment });
    const status = enrollmentText(started, context);
    const text =
      started.signInUrl === undefined
        ? status
        : `${status}\n\nThe user signs in here (works once, not for long):\n${started.signInUrl}`;
    return { json: started, text };
  });
}
