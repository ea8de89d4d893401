import { defaultPayloadConverter, type Headers, type Payload } from '@temporalio/common';
import type { WorkflowInterceptors } from '@temporalio/workflow';

// Passes the trace of a message on to what follows from it: activities, children, signals, the next run. It makes no span and draws no
// random number, as OpenTelemetry's own interceptors for workflows do: with those, a worker that traces would replay a history of one that
// does not with other challenge ids. It adds no turn of the event loop either, so commands keep their order. Without a trace it does nothing.

/** Where OpenTelemetry's interceptors of Temporal's SDK keep it. In clear, as all headers are: it holds two random ids. */
const traceHeader = '_tracer-data';
/** W3C Trace Context, version 00. */
const traceParent = /^00-([0-9a-f]{32})-[0-9a-f]{16}-0[01]$/;

interface Trace {
  readonly id: string;
  readonly payload: Payload;
}

/** Whoever can write to Temporal can write this header: what is no trace is passed over, and nothing but the two ids goes on. */
function traceIn(headers: Headers): Trace | undefined {
  const payload = headers[traceHeader];
  if (payload === undefined || (payload.data?.length ?? 0) > 1_000) return undefined;
  try {
    const { traceparent } = defaultPayloadConverter.fromPayload<{ readonly traceparent?: unknown }>(payload);
    const [, id] = typeof traceparent === 'string' ? (traceParent.exec(traceparent) ?? []) : [];
    return id === undefined ? undefined : { id, payload: defaultPayloadConverter.toPayload({ traceparent }) };
  } catch {
    return undefined;
  }
}

/** Loaded by the SDK, once for each run. */
export const interceptors = (): WorkflowInterceptors => {
  let newest: Trace | undefined;
  const hear = ({ headers }: { readonly headers: Headers }): void => void (newest = traceIn(headers) ?? newest);
  const tell = <Input extends { readonly headers: Headers }>(input: Input): Input =>
    newest === undefined ? input : { ...input, headers: { ...input.headers, [traceHeader]: newest.payload } };
  return {
    inbound: [
      {
        execute(input, next) {
          hear(input);
          return next(input);
        },
        handleSignal(input, next) {
          hear(input);
          return next(input);
        },
        handleUpdate(input, next) {
          hear(input);
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(tell(input)),
        scheduleLocalActivity: (input, next) => next(tell(input)),
        startChildWorkflowExecution: (input, next) => next(tell(input)),
        signalWorkflow: (input, next) => next(tell(input)),
        continueAsNew: (input, next) => next(tell(input)),
        getLogAttributes: (input, next) => next(newest === undefined ? input : { ...input, trace_id: newest.id }),
      },
    ],
  };
};
