import type { Command } from 'commander';
import { managementScopes } from '../../auth0/management/access';
import { localCommand, optionsOf, withExamples, type CommandParts } from '../command';
import { doctorConfig, doctorEnvironment } from '../doctor/config';
import { examine } from '../doctor/examine';
import { choiceText } from './profiles';
import { withManual } from '../manual';
import { reportText } from '../doctor/report';
import { createStyle, takesColour } from '../text/style';

/** `mfa doctor`: exit codes of its own, for CI. */
export function doctorCommand({ terminal, finish }: CommandParts): Command {
  const command = localCommand(
    'doctor',
    'Is the Auth0 tenant set up for this? Reads only. Without AUTH0_*: the tenant of a running local stack',
  );
  withExamples(command, 'doctor', 'doctor --json', 'node --env-file=.env bin/mfa.mjs doctor');
  withManual(command, {
    details: `It takes a token of the Management API, or the credentials of an application, that may read: ${managementScopes.join(' ')}. What it may not read, it says it could not check.`,
    exitCodes: [
      ['0', 'all right'],
      ['1', 'something is to be changed; the report says what and where'],
      ['2', 'nothing to change is known, and something could not be checked; or the configuration is wrong'],
    ],
    environment: [
      ['AUTH0_DOMAIN', 'domain of the tenant; without any AUTH0_*, the tenant of a running local stack is checked'],
      ['AUTH0_CLIENT_ID', 'client id of the application'],
      ['AUTH0_CLIENT_SECRET', 'its secret; absent for a public client'],
      ['AUTH0_AUDIENCE', 'https://<tenant domain>/mfa/, needed with a custom domain'],
      ['AUTH0_MANAGEMENT_TOKEN', 'a token of the Management API, or'],
      ['AUTH0_MANAGEMENT_CLIENT_ID', 'the client id of an application that may ask for one, and'],
      ['AUTH0_MANAGEMENT_CLIENT_SECRET', 'its secret'],
      ['PUBLIC_URL', 'address of the API, to compare the callback URL with'],
      ['NO_COLOR', 'when set, no colours'],
    ],
  });
  return command.action(async () => {
    const json = optionsOf<{ json?: true }>(command).json === true;
    const environment = doctorEnvironment(terminal);
    if (environment.notice !== undefined) terminal.stderr.write(`mfa: ${environment.notice}\n`);
    const choice = choiceText(terminal);
    if (choice !== undefined) terminal.stderr.write(`mfa: ${choice}\n`);
    const { tenant, expected } = doctorConfig(environment);
    const report = await examine(tenant, expected);
    const text = reportText(report, createStyle(takesColour(terminal)));
    finish({ json: report, text, exitCode: exitCodes[report.status] }, json);
  });
}

const exitCodes = { ok: 0, change: 1, unknown: 2 } as const;
