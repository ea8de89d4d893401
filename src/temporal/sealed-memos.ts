import type { Client, WorkflowClientInterceptor } from '@temporalio/client';
import type { LoadedDataConverter, Payload, PayloadCodec, WorkflowSerializationContext } from '@temporalio/common';
import { PayloadDecryptionError } from './payload-codec';

// Whoever can write to Temporal can start a run with a memo of their own. What was not sealed for the run it stands in is no
// memo, and says nothing about the others.

/** A memo as Temporal's answers have it. */
type RawMemo = { readonly fields?: Readonly<Record<string, Payload>> | null } | null | undefined;

/**
 * The values of a memo that were sealed for this workflow id; all of them where no codec is used. Throws PayloadDecryptionError
 * for one that is ours and whose key is missing.
 */
export async function readMemo(
  client: {
    readonly options: {
      readonly namespace: string;
      readonly loadedDataConverter: Pick<LoadedDataConverter, 'payloadCodecs' | 'payloadConverter'>;
    };
  },
  memo: RawMemo,
  workflowId: string,
): Promise<Record<string, unknown>> {
  const { namespace, loadedDataConverter } = client.options;
  const { payloadCodecs, payloadConverter } = loadedDataConverter;
  const context = { type: 'workflow', namespace, workflowId } as const;
  const opened = await openedFields(payloadCodecs, memo, context);
  return Object.fromEntries(opened.map(({ name, inner }) => [name, payloadConverter.fromPayload(inner, context)]));
}

/** As `readMemo`, and empty where a key is missing: whoever shows many shows the others all the same. */
export async function memoIfReadable(...run: Parameters<typeof readMemo>): Promise<Record<string, unknown>> {
  try {
    return await readMemo(...run);
  } catch (error) {
    if (error instanceof PayloadDecryptionError) return {};
    throw error;
  }
}

/** The runs that a visibility query finds, with what `readMemo` reads; `client.workflow.list` fails at the first memo that does not open. */
export async function* listRuns(client: Client, query: string): AsyncGenerator<ListedRun> {
  const { namespace } = client.options;
  let nextPageToken: Uint8Array = new Uint8Array();
  do {
    const page = await client.workflowService.listWorkflowExecutions({ namespace, query, nextPageToken });
    for (const { execution, memo } of page.executions) {
      const { workflowId, runId } = execution ?? {};
      if (workflowId && runId) yield { workflowId, runId, memo: await readMemo(client, memo, workflowId) };
    }
    ({ nextPageToken } = page);
  } while (nextPageToken.length > 0);
}

interface ListedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly memo: Record<string, unknown>;
}

/** For a client: a description's memo holds what `readMemo` reads, instead of failing the whole description. */
export const memoInterceptor = (codecs: readonly PayloadCodec[], namespace: string): WorkflowClientInterceptor => ({
  describe: async (input, next) => {
    const response = await next(input);
    const { memo, execution } = response.workflowExecutionInfo ?? {};
    if (memo && execution?.workflowId) {
      const context = { type: 'workflow', namespace, workflowId: execution.workflowId } as const;
      const opened = await openedFields(codecs, memo, context);
      memo.fields = Object.fromEntries(opened.map(({ name, payload }) => [name, payload]));
    }
    return response;
  },
});

async function openedFields(codecs: readonly PayloadCodec[], memo: RawMemo, context: WorkflowSerializationContext) {
  const fields = Object.entries(memo?.fields ?? {}).map(async ([name, payload]) => {
    try {
      let decoded: Payload[] = [payload];
      for (const codec of codecs.toReversed()) decoded = await codec.decode(decoded, context);
      return [{ name, payload, inner: decoded[0] ?? payload }];
    } catch (error) {
      if (error instanceof PayloadDecryptionError && !error.awaited) return [];
      throw error;
    }
  });
  return (await Promise.all(fields)).flat();
}
