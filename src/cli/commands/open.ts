import { z } from 'zod';
import { createConfigReader } from '../../config/reader';
import { word } from '../../config/variables';
import { apiCommand, idArgument, onCall, withExamples, type CommandParts } from '../command';
import { chooseApi, type ConnectionOptions } from '../connection';
import { usage } from '../failure';
import { enrollmentIdOf } from '../ids';
import { apiVariables, withManual } from '../manual';
import type { Terminal } from '../terminal';
import { temporalRunOf } from '../text/ids';

const scope = 'enrollments:read';

interface OpenOptions extends ConnectionOptions {
  readonly print?: true;
}

/** `mfa open`: from the id alone; the API is asked only to complete one. */
export function openCommand(parts: CommandParts) {
  const command = apiCommand('open', scope, 'The address of an enrollment in Temporal UI, and its workflow id');
  command
    .addArgument(idArgument())
    .option('--print', 'only print the address; so do --json and an output that is no terminal');
  withExamples(
    command,
    'open enr_NNsi-2hB',
    'open enr_NNsi-2hB --print',
    'open enr_NNsi-2hB --json | jq -r .workflowId',
  );
  withManual(command, {
    details:
      'At a terminal it is opened in the browser, too. The case has no tokens, codes or numbers there: they are sealed.',
    environment: [
      ['TEMPORAL_UI_URL', 'address of the Temporal UI; absent: that of the profile or of the local stack'],
      ['TEMPORAL_NAMESPACE', 'the namespace; absent: that of the profile or of the local stack, else default'],
      ...apiVariables,
    ],
  });
  return onCall<OpenOptions, [string]>(command, scope, parts, async ({ api, terminal, json }, options, given) => {
    const run = temporalRunOf(await enrollmentIdOf(api, given));
    if (run === undefined) throw new TypeError('An id that was completed is a whole one');
    const { ui, namespace } = temporalUi(terminal, options);
    const path = ['namespaces', namespace, 'workflows', run.workflowId, run.runId].map(encodeURIComponent).join('/');
    const url = `${ui}/${path}/history`;
    if (terminal.stdout.isTTY === true && !json && options.print !== true) {
      await terminal.openBrowser(url).catch(() => void terminal.stderr.write('mfa: No browser can be started here.\n'));
    }
    return { json: { url, ...run }, text: `${url}\nworkflow  ${run.workflowId}\nrun       ${run.runId}` };
  });
}

/**
 * `TEMPORAL_UI_URL` and `TEMPORAL_NAMESPACE`, else what the profile says, else the running local stack, when that is the API that is
 * asked. Throws Failure (usage) that says what is missing.
 */
function temporalUi(terminal: Terminal, options: OpenOptions): { ui: string; namespace: string } {
  const reader = createConfigReader(terminal.env);
  const given = reader.optional('TEMPORAL_UI_URL', webAddress);
  const namespace = reader.optional('TEMPORAL_NAMESPACE', word);
  if (reader.faults.length > 0) throw usage(`${reader.faults.join('. ')}.`);
  const { profile, stack } = chooseApi(terminal, options);
  const known = profile ?? { temporalUi: stack?.temporalUi, temporalNamespace: stack?.namespace };
  const ui = given ?? known.temporalUi;
  if (ui === undefined) {
    throw usage(
      stack === undefined
        ? 'No Temporal UI is named. Set TEMPORAL_UI_URL, and TEMPORAL_NAMESPACE unless it is `default`; or temporalUi and temporalNamespace of the profile.'
        : 'The Temporal server of the local stack has no web interface.',
    );
  }
  return { ui, namespace: namespace ?? (given === undefined ? known.temporalNamespace : undefined) ?? 'default' };
}

/** No key goes there, so http will do. */
const webAddress = z
  .url({ protocol: /^https?$/, error: 'an address such as https://temporal.example.com' })
  .transform((text) => text.replace(/\/+$/, ''));
