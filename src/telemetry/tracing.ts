import { context, propagation, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResourcesSync, envDetectorSync, Resource } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { OpenTelemetryWorkflowClientInterceptor } from '@temporalio/interceptors-opentelemetry/lib/client';
import { OpenTelemetryActivityInboundInterceptor } from '@temporalio/interceptors-opentelemetry/lib/worker';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { ObserveCall } from '../auth0/measured';
import { endpoints } from '../auth0/requests';
import type { Service } from '../logger';

/** What a process adds to its parts so that its work becomes spans. */
export interface Tracing {
  /** Calls of the API: a span each, by the pattern of its route. */
  readonly requests: (app: FastifyInstance) => void;
  /** Starts, updates, signals and queries: their context goes along in a header. */
  readonly client: WorkflowClientInterceptor;
  /** Activities: children of the message that led to them. */
  readonly activity: ActivityInterceptorsFactory;
  /** Calls to Auth0. */
  readonly call: ObserveCall;
  /** Sends what is left. */
  close(): Promise<void>;
}

/** The trace at work, for the log; nothing outside of one. */
export function traceIds(): { readonly trace_id?: string } {
  const span = trace.getSpanContext(context.active());
  return span === undefined ? {} : { trace_id: span.traceId };
}

/**
 * Sends spans to the collector that the `OTEL_*` variables name, by OTLP over HTTP, as JSON. A span holds names, routes, results and ids that are
 * keyed hashes: no body, no header, no address as it was called, and no token, code or number. Loaded only where traces are sent.
 */
export function startTracing(service: Service, auth0Domain: string): Tracing {
  const named = new Resource({ 'service.name': service });
  const provider = new NodeTracerProvider({
    resource: named.merge(detectResourcesSync({ detectors: [envDetectorSync] })),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  provider.register();
  const tracer = provider.getTracer('mfa-enrollment');
  const spans = new WeakMap<FastifyRequest, Span>();

  return {
    requests(app) {
      app.addHook('onRequest', (request, _reply, done) => {
        const { method } = request;
        const route = request.routeOptions.url ?? 'none';
        const from = propagation.extract(context.active(), request.headers);
        const attributes = { 'http.request.method': method, 'http.route': route };
        const span = tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, from);
        spans.set(request, span);
        context.with(trace.setSpan(from, span), done);
      });
      app.addHook('onResponse', async (request, { statusCode }) => {
        const span = spans.get(request);
        span?.setAttribute('http.response.status_code', statusCode);
        if (statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
        span?.end();
      });
    },
    client: new OpenTelemetryWorkflowClientInterceptor({ tracer }),
    activity: (of) => ({ inbound: new OpenTelemetryActivityInboundInterceptor(of, { tracer }) }),
    call(call) {
      const attributes = { 'server.address': auth0Domain, 'mfa.auth0.call': call };
      const span = tracer.startSpan(`Auth0 ${endpoints[call]}`, { kind: SpanKind.CLIENT, attributes });
      return (result, status) => {
        span.setAttribute('mfa.auth0.result', result);
        if (status !== undefined) span.setAttribute('http.response.status_code', status);
        if (result !== 'ok') span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      };
    },
    close: () => provider.shutdown().catch(() => undefined), // a collector that is away must not keep the process
  };
}
