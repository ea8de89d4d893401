import type { Command } from 'commander';
import { managementScopes } from '../../auth0/management/access';
import { localCommand, optionsOf, withExamples, type CommandParts } from '../command';
import { doctorConfig, doctorEnvironment } from '../doctor/config';
import { examine } from '../doctor/examine';
import { reportText } from '../doctor/report';
import { createStyle, takesColour } from '../text/style';

/** `mfa doctor`: exit codes of its own, for CI. */
export function doctorCommand({ terminal, finish }: CommandParts): Command {
  const command = localCommand(
    'doctor',
    'Is the Auth0 tenant set up for this? Reads only. Without AUTH0_*: the tenant of a running local stack',
  ).addHelpText('after', `\nManagement API scopes, read-only: ${managementScopes.join(' ')}.`);
  withExamples(command, 'doctor').addHelpText('after', '  $ node --env-file=.env bin/mfa.mjs doctor');
  return command.action(async () => {
    const json = optionsOf<{ json?: true }>(command).json === true;
    const environment = doctorEnvironment(terminal);
    if (environment.notice !== undefined) terminal.stderr.write(`mfa: ${environment.notice}\n`);
    const { tenant, expected } = doctorConfig(environment);
    const report = await examine(tenant, expected);
    const text = reportText(report, createStyle(takesColour(terminal)));
    finish({ json: report, text, exitCode: exitCodes[report.status] }, json);
  });
}

const exitCodes = { ok: 0, change: 1, unknown: 2 } as const;
