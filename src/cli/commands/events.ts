import type { z } from 'zod';
import { timeline } from '../../api/schemas';
import { apiCommand, idArgument, onCall, withExamples, type CommandContext, type CommandParts } from '../command';
import { enrollmentIdOf } from '../ids';
import { columns, type Cell } from '../text/columns';
import { moment } from '../text/time';

const scope = 'enrollments:read';

/** `mfa events`: what has happened to an enrollment. What happens from now on is told by `mfa watch`. */
export function eventsCommand(parts: CommandParts) {
  const command = apiCommand('events', scope, 'What has happened to an enrollment so far').addArgument(idArgument());
  withExamples(command, 'events enr_NNsi-2hB', "events enr_NNsi-2hB --json | jq -c '.entries[]'");
  return onCall<object, [string]>(command, scope, parts, async (context, _options, given) => {
    const id = await enrollmentIdOf(context.api, given);
    const found = await context.api.call({ method: 'GET', path: `/enrollments/${id}/timeline`, answer: timeline });
    return { json: found, text: timelineText(found, context) };
  });
}

type Timeline = z.output<typeof timeline>;

function timelineText({ entries, truncated }: Timeline, { terminal, style }: CommandContext): string {
  if (entries.length === 0) return 'Nothing has happened yet.';
  const now = terminal.now();
  const rows = entries.map((entry): readonly Cell[] => [[moment(entry.at, now), 'dim'], entry.what, detailsOf(entry)]);
  const table = columns([['AT', 'WHAT', 'DETAILS'].map((title): Cell => [title, 'bold']), ...rows], style);
  return truncated ? `There was more before.\n${table}` : table;
}

/** Everything else that an entry says, in the order in which the API says it. */
const detailsOf = ({ at: _at, what: _what, ...rest }: Timeline['entries'][number]): string =>
  Object.entries(rest)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(', ') : String(value)}`)
    .join(' · ');
