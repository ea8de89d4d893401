import { cancelBody, enrollment, link, phoneNumberBody, resendBody } from '../../api/schemas';
import { apiCommand, idArgument, onCall, withExamples, type CommandParts } from '../command';
import { enrollmentIdOf } from '../ids';
import { askSecretly, checked } from '../inputs';
import { enrollmentText } from '../text/enrollment';
import { moment } from '../text/time';

const manage = 'enrollments:manage';

interface Why {
  readonly reason: string;
}

/** A change to somebody's enrollment says why, whoever makes it: it is the line that the audit log is read for. */
const manageCommand = (name: string, description: string) =>
  apiCommand(name, manage, description)
    .addArgument(idArgument())
    .requiredOption('--reason <text>', 'why; goes to the audit log, so no number and no code');

/** `mfa resend`. */
export function resendCommand(parts: CommandParts) {
  const command = manageCommand('resend', 'Send a new code, or make a new setup key');
  withExamples(command, 'resend enr_NNsi-2hB --reason "the text did not come"');
  return onCall<Why, [string]>(command, manage, parts, async (context, { reason }, named) => {
    const path = `/enrollments/${await enrollmentIdOf(context.api, named)}/resend`;
    const body = checked(resendBody, { reason }) ?? {};
    const changed = await context.api.call({ method: 'POST', path, body, answer: enrollment });
    return { json: changed, text: enrollmentText(changed, context, named) };
  });
}

/** `mfa number`. */
export function numberCommand(parts: CommandParts) {
  const command = manageCommand('number', 'Text another phone from now on').argument(
    '[number]',
    'with its country code; asked for, or read from the standard input, when absent',
  );
  withExamples(command, 'number enr_NNsi-2hB --reason "new phone"');
  return onCall<Why, [string, string?]>(command, manage, parts, async (context, { reason }, named, given) => {
    const path = `/enrollments/${await enrollmentIdOf(context.api, named)}/phone-number`;
    const phoneNumber = given ?? (await askSecretly(context.terminal, 'Phone number'));
    const body = checked(phoneNumberBody, { phoneNumber, reason });
    const changed = await context.api.call({ method: 'PUT', path, body, answer: enrollment });
    return { json: changed, text: enrollmentText(changed, context, named) };
  });
}

/** `mfa cancel`. */
export function cancelCommand(parts: CommandParts) {
  const command = manageCommand('cancel', 'Cancel an enrollment');
  withExamples(command, 'cancel enr_NNsi-2hB --reason "asked by the user"');
  return onCall<Why, [string]>(command, manage, parts, async (context, { reason }, named) => {
    const path = `/enrollments/${await enrollmentIdOf(context.api, named)}/cancel`;
    const body = checked(cancelBody, { reason }) ?? {};
    const changed = await context.api.call({ method: 'POST', path, body, answer: enrollment });
    return { json: changed, text: enrollmentText(changed, context, named) };
  });
}

/** `mfa link`. */
export function linkCommand(parts: CommandParts) {
  const scope = 'enrollments:link';
  const command = apiCommand('link', scope, 'A link for the user to sign in with').addArgument(idArgument());
  withExamples(command, 'link enr_NNsi-2hB');
  return onCall<object, [string]>(command, scope, parts, async ({ api, terminal }, _options, named) => {
    const path = `/enrollments/${await enrollmentIdOf(api, named)}/links`;
    const made = await api.call({ method: 'POST', path, answer: link });
    const until = moment(made.expiresAt, terminal.now());
    return { json: made, text: `${made.url}\nFor the user alone. Works once, until ${until}.` };
  });
}
