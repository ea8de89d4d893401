import { Command } from 'commander';
import { managementScopes } from '../../auth0/management/access';
import type { CommandParts } from '../command';
import { doctorConfig } from '../doctor/config';
import { examine } from '../doctor/examine';
import { reportText } from '../doctor/report';
import { createStyle, takesColour } from '../text/style';

/** `mfa doctor`: exit codes of its own, for CI. */
export function doctorCommand({ terminal, finish }: CommandParts): Command {
  const command = new Command('doctor')
    .description('Is the Auth0 tenant set up for this? (reads only, through the Management API)')
    .option('--json', 'one JSON value on the standard output')
    .addHelpText('after', `\nManagement API scopes, read-only: ${managementScopes.join(' ')}.`);
  return command.action(async () => {
    const json = command.opts<{ json?: true }>().json === true;
    const { tenant, expected } = doctorConfig(terminal.env);
    const report = await examine(tenant, expected);
    const text = reportText(report, createStyle(takesColour(terminal)));
    finish({ json: report, text, exitCode: exitCodes[report.status] }, json);
  });
}

const exitCodes = { ok: 0, change: 1, unknown: 2 } as const;
