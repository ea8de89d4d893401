import type { Command } from 'commander';
import { localCommand, optionsOf, withExamples, type CommandParts } from '../command';
import { withManual } from '../manual';
import type * as lazy from '../set-up-namespace';

/** `mfa setup-namespace`: the one command that speaks to Temporal, and not to the API. */
export function setUpNamespaceCommand({ terminal, finish }: CommandParts): Command {
  const command = localCommand(
    'setup-namespace',
    "Register this project's search attributes in a Temporal namespace (TEMPORAL_* says which)",
  );
  withExamples(
    command,
    'setup-namespace',
    'TEMPORAL_ADDRESS=temporal.example.com:7233 TEMPORAL_NAMESPACE=mfa mfa setup-namespace',
  );
  withManual(command, {
    details: 'It speaks to Temporal, and not to the API. Where all of them are there, it changes nothing.',
    exitCodes: [
      ['0', 'they are there'],
      ['1', 'Temporal refused to register them'],
      ['2', 'the configuration is wrong, or there is no such namespace; nothing was changed'],
      ['3', 'Temporal cannot be reached'],
    ],
    environment: [
      ['TEMPORAL_ADDRESS', 'host and port of Temporal; localhost:7233 when absent'],
      ['TEMPORAL_NAMESPACE', 'the namespace; default when absent'],
      ['TEMPORAL_*', 'everything else as worker and API read it: docs/configuration.md'],
    ],
  });
  return command.action(async () => {
    const json = optionsOf<{ json?: true }>(command).json === true;
    // Loaded only here: Temporal's client would cost every other command a second.
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a lazy import() would have to be an ES module
    const { setUpNamespace } = require('../set-up-namespace') as typeof lazy;
    const done = await setUpNamespace(terminal.env);
    finish({ json: done, text: textOf(done) }, json);
  });
}

function textOf({ address, namespace, registered, present }: lazy.NamespaceSetUp): string {
  const where = `namespace ${namespace} at ${address}`;
  if (registered.length === 0) return `${where} is ready: it has ${present.join(', ')} already.`;
  const before = present.length === 0 ? '' : ` It had ${present.join(', ')} before.`;
  return `${where} is ready: registered ${registered.join(', ')}.${before}`;
}
