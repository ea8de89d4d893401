import { Option } from 'commander';
import { enrollment } from '../../api/schemas';
import { enrollmentStates, waitingForWhos } from '../../enrollment/status';
import { factorNames } from '../../factors';
import { apiCommand, idArgument, onCall, withExamples, type CommandParts } from '../command';
import { suggest } from '../completion/suggestions';
import { usage } from '../failure';
import { enrollmentIdOf } from '../ids';
import { allPages, onePage } from '../pages';
import { enrollmentText, pageText } from '../text/enrollment';

const scope = 'enrollments:read';

/** `mfa status`. */
export function statusCommand(parts: CommandParts) {
  const command = apiCommand('status', scope, 'Where an enrollment is and what it waits for').addArgument(idArgument());
  withExamples(command, 'status enr_NNsi-2hB', 'status enr_NNsi-2hB --json | jq .waitingFor');
  return onCall<object, [string]>(command, scope, parts, async (context, _options, given) => {
    const id = await enrollmentIdOf(context.api, given);
    const found = await context.api.call({ method: 'GET', path: `/enrollments/${id}`, answer: enrollment });
    return { json: found, text: enrollmentText(found, context, given) };
  });
}

/** `mfa find`: every enrollment of one user. */
export function findCommand(parts: CommandParts) {
  const command = apiCommand('find', scope, 'All enrollments of a user, newest first').argument(
    '<userId>',
    "Auth0's user_id, such as auth0|507f1f77bcf86cd799439020",
  );
  withExamples(command, "find 'auth0|507f1f77bcf86cd799439020'");
  return onCall<object, [string]>(command, scope, parts, async (context, _options, userId) => {
    const { enrollments, ...more } = await allPages(context.api, { userId, limit: '100' });
    const newestFirst = enrollments.toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
    const all = { enrollments: newestFirst, ...more };
    return { json: all, text: pageText(all, context) };
  });
}

interface ListOptions {
  readonly user?: string;
  readonly state?: string;
  readonly factor?: string;
  readonly waitingFor?: string;
  readonly limit?: string;
  readonly cursor?: string;
  readonly all?: true;
}

/** Lists are made from what an enrollment shows when it comes to rest, and it never rests while a code is checked. */
const listedStates = enrollmentStates.filter((state) => state !== 'confirming');

/** `mfa list`. */
export function listCommand(parts: CommandParts) {
  const command = apiCommand('list', scope, 'Enrollments, open ones first, newest first')
    .addOption(new Option('--state <state>', 'only those in this state').choices(listedStates))
    .addOption(suggest(new Option('--factor <factor>', 'only those at this factor'), factorNames))
    .addOption(
      suggest(
        new Option('--waiting-for <who>', `only those that this one has to go on with: ${waitingForWhos.join(', ')}`),
        waitingForWhos,
      ),
    )
    .option('--user <userId>', 'only those of this user')
    .option('--limit <number>', 'how many on a page, 1 to 100; 20 when absent')
    .option('--cursor <cursor>', 'go on where an earlier page ended')
    .option('--all', 'every page, 10,000 enrollments at most');
  withExamples(command, 'list --waiting-for operator', 'list --state failed --all', 'list --all --json | jq length');
  return onCall<ListOptions, []>(command, scope, parts, async (context, options) => {
    const { user: userId, state, factor, waitingFor, limit, cursor, all } = options;
    if (all && limit !== undefined) throw usage('Give one of --all and --limit, not both.');
    const filters = { userId, state, factor, waitingFor, cursor };
    const page = all
      ? await allPages(context.api, { ...filters, limit: '100' })
      : await onePage(context.api, { ...filters, limit });
    return { json: page, text: pageText(page, context) };
  });
}
