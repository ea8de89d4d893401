import type { Command } from 'commander';
import { localCommand, optionsOf, withExamples, type CommandParts } from '../command';
import type * as lazy from '../set-up-namespace';

/** `mfa setup-namespace`: the one command that speaks to Temporal, and not to the API. */
export function setUpNamespaceCommand({ terminal, finish }: CommandParts): Command {
  const command = localCommand(
    'setup-namespace',
    "Register this project's search attributes in a Temporal namespace (TEMPORAL_* says which)",
  );
  withExamples(command, 'setup-namespace').addHelpText(
    'after',
    '  $ TEMPORAL_ADDRESS=temporal.example.com:7233 TEMPORAL_NAMESPACE=mfa mfa setup-namespace',
  );
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
