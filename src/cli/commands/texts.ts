import { Argument } from 'commander';
import type { z } from 'zod';
import { stopBody, stoppedPrefixList } from '../../api/schemas';
import { apiCommand, onCall, withExamples, type CommandParts } from '../command';
import { usage } from '../failure';
import { checked } from '../inputs';
import { columns } from '../text/columns';
import { moment } from '../text/time';

const scope = 'enrollments:manage';

/** `mfa texts`. */
export function textsCommand(parts: CommandParts) {
  const command = apiCommand('texts', scope, 'Stop texts and calls to numbers with a prefix, or resume them')
    .addArgument(new Argument('<action>').choices(['stop', 'resume', 'list']))
    .argument('[prefix]', 'a plus sign and 1 to 7 digits, such as +88213')
    .option('--reason <text>', 'why; needed for stop and resume; goes to the audit log, so no number');
  withExamples(command, 'texts list', 'texts stop +88213 --reason "toll fraud"', 'texts resume +88213 --reason over');
  return onCall<{ readonly reason?: string }, [string, string?]>(
    command,
    scope,
    parts,
    async ({ api, terminal }, { reason }, action, prefix) => {
      const path = '/stopped-prefixes';
      const list = (answer: z.output<typeof stoppedPrefixList>) => ({
        json: answer,
        text: listText(answer, terminal.now()),
      });
      if (action === 'list') return list(await api.call({ method: 'GET', path, answer: stoppedPrefixList }));
      if (prefix === undefined || !/^\+?[1-9]\d{0,6}$/.test(prefix)) {
        throw usage('prefix: expected a plus sign and 1 to 7 digits, such as +88213.');
      }
      if (reason === undefined) throw usage('Add --reason "why".');
      const body = checked(stopBody, { reason }) ?? {};
      const method = action === 'stop' ? 'PUT' : 'DELETE';
      const one = `${path}/${encodeURIComponent(prefix)}`;
      return list(await api.call({ method, path: one, body, answer: stoppedPrefixList }));
    },
  );
}

function listText({ stoppedPrefixes }: z.output<typeof stoppedPrefixList>, now: number): string {
  if (stoppedPrefixes.length === 0) return 'No prefix is stopped.';
  return columns(stoppedPrefixes.map(({ prefix, since, reason }) => [prefix, `since ${moment(since, now)}`, reason]));
}
