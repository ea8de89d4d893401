import { enrollment, enrollmentPage, listQuery } from '../../api/schemas';
import { apiCommand, onCall, type CommandParts } from '../command';
import { checked, checkedId } from '../inputs';
import { enrollmentText, pageText } from '../text/enrollment';

const scope = 'enrollments:read';

/** `mfa status`. */
export function statusCommand(parts: CommandParts) {
  const command = apiCommand('status', scope, 'Where an enrollment is and what it waits for').argument('<id>');
  return onCall<unknown, [string]>(command, scope, parts, async (context, _options, id) => {
    const found = await context.api.call({ method: 'GET', path: `/enrollments/${checkedId(id)}`, answer: enrollment });
    return { json: found, text: enrollmentText(found, context) };
  });
}

interface ListOptions {
  readonly state?: string;
  readonly factor?: string;
  readonly limit?: string;
  readonly cursor?: string;
}

/** `mfa list`. */
export function listCommand(parts: CommandParts) {
  const command = apiCommand('list', scope, 'Enrollments, open ones first, newest first')
    .option('--state <state>', 'only those in this state')
    .option('--factor <factor>', 'only those at this factor')
    .option('--limit <number>', '1 to 100; 20 when absent')
    .option('--cursor <cursor>', 'go on where an earlier page ended');
  return onCall<ListOptions, []>(command, scope, parts, async ({ api, terminal }, options) => {
    const { state, factor, limit, cursor } = options;
    const given = Object.entries({ state, factor, limit, cursor }).filter(([, value]) => value !== undefined);
    const query = checked(listQuery, Object.fromEntries(given));
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) search.set(name, String(value));
    const page = await api.call({ method: 'GET', path: `/enrollments?${search.toString()}`, answer: enrollmentPage });
    return { json: page, text: pageText(page, terminal.now()) };
  });
}
