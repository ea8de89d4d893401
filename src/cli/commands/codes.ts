import { z } from 'zod';
import { bindingCodeBody, codeResult, otpBody, pending } from '../../api/schemas';
import { apiCommand, onCall, type CommandParts, type Outcome } from '../command';
import { exitCodes, type ExitCode } from '../exit-codes';
import { askSecretly, checked, checkedId } from '../inputs';
import { enrollmentText, type CodeResult } from '../text/enrollment';
import type { Style } from '../text/style';
import { moment } from '../text/time';

const scope = 'enrollments:code';

/** `mfa code`: the code of a text message. */
export const codeCommand = (parts: CommandParts) =>
  submitCommand(parts, 'code', 'binding-code', bindingCodeBody, 'Submit the code that the user got by text message');

/** `mfa otp`: the code of an authenticator app. */
export const otpCommand = (parts: CommandParts) =>
  submitCommand(parts, 'otp', 'otp', otpBody, 'Submit the code of the authenticator app');

function submitCommand(
  parts: CommandParts,
  name: string,
  resource: 'binding-code' | 'otp',
  schema: typeof bindingCodeBody | typeof otpBody,
  description: string,
) {
  const command = apiCommand(name, scope, description)
    .argument('<id>')
    .argument('[code]', 'six digits; asked for without echo, or read from the standard input, when absent');
  return onCall<unknown, [string, string?]>(command, scope, parts, async (desk, _options, id, given) => {
    const { api, terminal, style } = desk;
    checkedId(id);
    const body = checked(schema, { code: given ?? (await askSecretly(terminal, 'Code')) });
    const path = `/enrollments/${id}/${resource}`;
    const answer = z.union([codeResult, pending]);
    const result = await api.call({ method: 'POST', path, body, answer, repeatable: false });
    return result.result === 'pending' ? notYet(id) : outcomeOf(result, terminal.now(), style);
  });
}

const notYet = (id: string): Outcome => ({
  json: { result: 'pending', enrollment: `/v1/enrollments/${id}` },
  text: `No answer yet. The code is kept and will be tried; do not send it again. Look with: mfa status ${id}`,
  exitCode: exitCodes.unavailable,
});

function outcomeOf(answer: CodeResult, now: number, style: Style): Outcome {
  const { sentence, colour, exitCode } = results[answer.result];
  const again = answer.retryAfter === undefined ? '' : ` Try again at ${moment(now + answer.retryAfter * 1000, now)}.`;
  const left = answer.result === 'rejected' ? ` ${answer.attemptsLeft} attempts left.` : '';
  const text = `${style(colour, sentence)}${left}${again}\n\n${enrollmentText(answer.status, now, style)}`;
  return { json: answer, text, exitCode };
}

interface Told {
  readonly sentence: string;
  readonly colour: 'green' | 'yellow' | 'red';
  readonly exitCode: ExitCode;
}

const results: Readonly<Record<CodeResult['result'], Told>> = {
  confirmed: { sentence: 'The code is right.', colour: 'green', exitCode: exitCodes.ok },
  rejected: { sentence: 'The code is wrong.', colour: 'red', exitCode: exitCodes.refused },
  rate_limited: { sentence: 'Too many wrong codes.', colour: 'red', exitCode: exitCodes.refused },
  expired: { sentence: 'The code is too old.', colour: 'yellow', exitCode: exitCodes.refused },
  token_needed: { sentence: 'The user has to sign in again first.', colour: 'yellow', exitCode: exitCodes.refused },
  unavailable: { sentence: 'Auth0 does not answer now.', colour: 'yellow', exitCode: exitCodes.unavailable },
};
