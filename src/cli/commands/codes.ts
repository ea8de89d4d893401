import { Option, type Command } from 'commander';
import { z } from 'zod';
import { bindingCodeBody, codeResult, otpBody, pending, sentFactors } from '../../api/schemas';
import { defined } from '../../enrollment/defined';
import {
  apiCommand,
  idArgument,
  onCall,
  withExamples,
  type CommandParts,
  type CommandContext,
  type CommandResult,
} from '../command';
import { suggest } from '../completion/suggestions';
import { exitCodes, type ExitCode } from '../exit-codes';
import { enrollmentIdOf } from '../ids';
import { askSecretly, checked } from '../inputs';
import { enrollmentText, type CodeResult } from '../text/enrollment';
import { moment } from '../text/time';

const scope = 'enrollments:code';

interface CodeOptions {
  readonly factor?: string;
}

/** `mfa code`: a code that was sent to the user. */
export const codeCommand = (parts: CommandParts) =>
  submitCommand(
    parts,
    'code',
    'binding-code',
    bindingCodeBody,
    'Submit the code that was sent to the user',
    (command) =>
      command.addOption(
        suggest(
          new Option('--factor <factor>', `whose code it is: ${sentFactors.join(', ')}; sms when absent`),
          sentFactors,
        ),
      ),
  );

/** `mfa otp`: the code of an authenticator app. */
export const otpCommand = (parts: CommandParts) =>
  submitCommand(parts, 'otp', 'otp', otpBody, 'Submit the code of the authenticator app');

function submitCommand(
  parts: CommandParts,
  name: string,
  resource: 'binding-code' | 'otp',
  schema: typeof bindingCodeBody | typeof otpBody,
  description: string,
  withOptions: (command: Command) => Command = (command) => command,
) {
  const command = withOptions(apiCommand(name, scope, description))
    .addArgument(idArgument())
    .argument('[code]', 'six digits; asked for without echo, or read from the standard input, when absent');
  withExamples(command, `${name} enr_NNsi-2hB`, `${name} enr_NNsi-2hB < file-with-the-code`);
  return onCall<CodeOptions, [string, string?]>(command, scope, parts, async (context, { factor }, named, given) => {
    const { api, terminal } = context;
    const id = await enrollmentIdOf(api, named);
    const body = checked(schema, { code: given ?? (await askSecretly(terminal, 'Code')), ...defined({ factor }) });
    const path = `/enrollments/${id}/${resource}`;
    const answer = z.union([codeResult, pending]);
    const result = await api.call({ method: 'POST', path, body, answer, repeatable: false });
    return result.result === 'pending' ? notYet(id, named) : resultOf(result, context, named);
  });
}

const notYet = (id: string, named: string): CommandResult => ({
  json: { result: 'pending', enrollment: `/v1/enrollments/${id}` },
  text: `No answer yet. The code is kept and will be tried; do not send it again. Look with: mfa status ${named}`,
  exitCode: exitCodes.unavailable,
});

function resultOf(answer: CodeResult, context: CommandContext, named: string): CommandResult {
  const { sentence, colour, exitCode } = results[answer.result];
  const now = context.terminal.now();
  const again = answer.retryAfter === undefined ? '' : ` Try again at ${moment(now + answer.retryAfter * 1000, now)}.`;
  const left = answer.result === 'rejected' ? ` ${answer.attemptsLeft} attempts left.` : '';
  const text = `${context.style(colour, sentence)}${left}${again}\n\n${enrollmentText(answer.status, context, named)}`;
  return { json: answer, text, exitCode };
}

interface ResultText {
  readonly sentence: string;
  readonly colour: 'green' | 'yellow' | 'red';
  readonly exitCode: ExitCode;
}

const results: Readonly<Record<CodeResult['result'], ResultText>> = {
  confirmed: { sentence: 'The code is right.', colour: 'green', exitCode: exitCodes.ok },
  already_confirmed: {
    sentence: 'That factor was done before; nothing was checked.',
    colour: 'yellow',
    exitCode: exitCodes.ok,
  },
  rejected: { sentence: 'The code is wrong.', colour: 'red', exitCode: exitCodes.refused },
  rate_limited: { sentence: 'Too many wrong codes.', colour: 'red', exitCode: exitCodes.refused },
  expired: { sentence: 'The code has expired.', colour: 'yellow', exitCode: exitCodes.refused },
  token_needed: { sentence: 'The user has to sign in again first.', colour: 'yellow', exitCode: exitCodes.refused },
  unavailable: { sentence: 'Auth0 does not answer now.', colour: 'yellow', exitCode: exitCodes.unavailable },
};
