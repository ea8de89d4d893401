import { enrollment, enrollmentPage, listQuery } from '../../api/schemas';
import { defined } from '../../enrollment/defined';
import { waitingForWhos } from '../../enrollment/status';
import { apiCommand, onCall, type CommandParts } from '../command';
import { checked, checkedId } from '../inputs';
import { enrollmentText, pageText, type EnrollmentPage } from '../text/enrollment';

const scope = 'enrollments:read';

/** `mfa status`. */
export function statusCommand(parts: CommandParts) {
  const command = apiCommand('status', scope, 'Where an enrollment is and what it waits for').argument('<id>');
  return onCall<unknown, [string]>(command, scope, parts, async (context, _options, id) => {
    const found = await context.api.call({ method: 'GET', path: `/enrollments/${checkedId(id)}`, answer: enrollment });
    return { json: found, text: enrollmentText(found, context) };
  });
}

/** Of 100 each: no user has so many enrollments that more than a few pages are asked for. */
const maxPages = 20;

/** `mfa find`: every enrollment of one user. */
export function findCommand(parts: CommandParts) {
  const command = apiCommand('find', scope, 'All enrollments of a user, newest first').argument(
    '<userId>',
    "Auth0's user_id, such as auth0|507f1f77bcf86cd799439020",
  );
  return onCall<unknown, [string]>(command, scope, parts, async ({ api, terminal }, _options, userId) => {
    const found: EnrollmentPage['enrollments'][number][] = [];
    let cursor: string | undefined;
    for (let page = 0; page < maxPages && (page === 0 || cursor !== undefined); page += 1) {
      const path = pathOf({ userId, limit: '100', cursor });
      const { enrollments, nextCursor } = await api.call({ method: 'GET', path, answer: enrollmentPage });
      found.push(...enrollments);
      cursor = nextCursor;
    }
    const newestFirst = found.toSorted((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
    const all = { enrollments: newestFirst, ...defined({ nextCursor: cursor }) };
    return { json: all, text: pageText(all, terminal.now()) };
  });
}

interface ListOptions {
  readonly user?: string;
  readonly state?: string;
  readonly factor?: string;
  readonly waitingFor?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

/** `mfa list`. */
export function listCommand(parts: CommandParts) {
  const command = apiCommand('list', scope, 'Enrollments, open ones first, newest first')
    .option('--state <state>', 'only those in this state')
    .option('--factor <factor>', 'only those at this factor')
    .option('--waiting-for <who>', `only those that this one has to go on with: ${waitingForWhos.join(', ')}`)
    .option('--user <userId>', 'only those of this user')
    .option('--limit <number>', '1 to 100; 20 when absent')
    .option('--cursor <cursor>', 'go on where an earlier page ended');
  return onCall<ListOptions, []>(command, scope, parts, async ({ api, terminal }, options) => {
    const { user: userId, ...filters } = options;
    const { state, factor, waitingFor, limit, cursor } = filters;
    const path = pathOf({ userId, state, factor, waitingFor, limit, cursor });
    const page = await api.call({ method: 'GET', path, answer: enrollmentPage });
    return { json: page, text: pageText(page, terminal.now()) };
  });
}

/** Throws Failure that says what the API would not take. */
function pathOf(filters: Readonly<Record<string, string | undefined>>): string {
  const query = checked(listQuery, defined(filters));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  return `/enrollments?${search.toString()}`;
}
