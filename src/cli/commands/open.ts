import { z } from 'zod';
import { createConfigReader } from '../../config/reader';
import { word } from '../../config/variables';
import { apiCommand, idArgument, onCall, withExamples, type CommandParts } from '../command';
import { usage } from '../failure';
import { enrollmentIdOf } from '../ids';
import { readStack } from '../stack';
import type { Terminal } from '../terminal';
import { temporalRunOf } from '../text/ids';

const scope = 'enrollments:read';

/** `mfa open`: from the id alone; the API is asked only to complete one. */
export function openCommand(parts: CommandParts) {
  const command = apiCommand('open', scope, 'The address of an enrollment in Temporal UI, and its workflow id');
  withExamples(command.addArgument(idArgument()), 'open enr_NNsi-2hB', 'open enr_NNsi-2hB --json | jq -r .workflowId');
  return onCall<object, [string]>(command, scope, parts, async ({ api, terminal }, _options, given) => {
    const run = temporalRunOf(await enrollmentIdOf(api, given));
    if (run === undefined) throw new TypeError('An id that was completed is a whole one');
    const { ui, namespace } = temporalUi(terminal);
    const path = ['namespaces', namespace, 'workflows', run.workflowId, run.runId].map(encodeURIComponent).join('/');
    const url = `${ui}/${path}/history`;
    return { json: { url, ...run }, text: `${url}\nworkflow  ${run.workflowId}\nrun       ${run.runId}` };
  });
}

/** `TEMPORAL_UI_URL` and `TEMPORAL_NAMESPACE`, else those of a running local stack. Throws Failure (usage) that says what is missing. */
function temporalUi({ env, stackFile }: Pick<Terminal, 'env' | 'stackFile'>): { ui: string; namespace: string } {
  const reader = createConfigReader(env);
  const given = reader.optional('TEMPORAL_UI_URL', webAddress);
  const namespace = reader.optional('TEMPORAL_NAMESPACE', word);
  if (reader.faults.length > 0) throw usage(`${reader.faults.join('. ')}.`);
  const stack = readStack(stackFile);
  const ui = given ?? stack?.temporalUi;
  if (ui === undefined) {
    throw usage(
      stack === undefined
        ? 'No Temporal UI is named. Set TEMPORAL_UI_URL, and TEMPORAL_NAMESPACE unless it is `default`.'
        : 'The Temporal server of the local stack has no web interface.',
    );
  }
  return { ui, namespace: namespace ?? (given === undefined ? stack?.namespace : undefined) ?? 'default' };
}

/** No key goes there, so http will do. */
const webAddress = z
  .url({ protocol: /^https?$/, error: 'an address such as https://temporal.example.com' })
  .transform((text) => text.replace(/\/+$/, ''));
