import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ObserveCall } from '../auth0/measured';
import { unreadableReasons } from '../enrollment/unsealed';
import type { UpdateOutcome } from '../temporal/enrollments/runs';
import type { OpenCounts } from '../temporal/open-counts';
import type { ObserveUnreadable } from '../temporal/payload-codec';

/** How long calls take, by route pattern and status: never by user or case. */
export function measureRequests(app: FastifyInstance, registry: Registry): void {
  const duration = new Histogram({
    name: 'mfa_api_request_duration_seconds',
    help: 'Time from the first byte of a call to the last of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    const { url: route = 'none' } = request.routeOptions;
    if (route.endsWith('/events')) return; // lasts as long as its listener likes
    duration.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
  });
}

/** How long cases take to answer an update, and whether they did. */
export function updateMetrics(registry: Registry) {
  const duration = new Histogram({
    name: 'mfa_api_update_duration_seconds',
    help: 'Time until a case answered an update.',
    labelNames: ['update', 'outcome'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
    registers: [registry],
  });
  return (update: string, outcome: UpdateOutcome, seconds: number): void =>
    duration.observe({ update, outcome }, seconds);
}

/** How long Auth0 takes to answer the calls of this process, which are those of sign-ins. As the worker's metric of the same name. */
export function callMetrics(registry: Registry): ObserveCall {
  const duration = new Histogram({
    name: 'mfa_auth0_call_seconds',
    help: 'Time until Auth0 answered a call, or until it was given up; by what became of it.',
    labelNames: ['call', 'result'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 15, 30],
    registers: [registry],
  });
  return (call) => {
    const stop = duration.startTimer({ call });
    return (result) => void stop({ result });
  };
}

/** Sealed payloads that this process could not open. As the worker's metric of the same name. */
export function unreadableMetrics(registry: Registry): ObserveUnreadable {
  const counter = new Counter({
    name: 'mfa_payload_unreadable_total',
    help: 'Sealed payloads that did not open, by reason.',
    labelNames: ['reason'],
    registers: [registry],
  });
  // There from the start: Prometheus does not see the first of something that was not there before it.
  for (const reason of unreadableReasons) counter.inc({ reason }, 0);
  return (reason) => counter.inc({ reason });
}

/**
 * How many runs are open, asked for with each scrape. Every API process tells the same. While it cannot be found out nothing is told, and
 * `failed` hears why.
 */
export function openMetrics(
  registry: Registry,
  counts: () => Promise<OpenCounts>,
  failed: (error: unknown) => void,
): void {
  const told = async (): Promise<OpenCounts | undefined> => {
    try {
      return await counts();
    } catch (error) {
      failed(error);
      return undefined;
    }
  };
  new Gauge({
    name: 'mfa_enrollments_open',
    help: 'Enrollments that are open, by who has to act.',
    labelNames: ['who'],
    registers: [registry],
    async collect() {
      const now = await told();
      this.reset();
      for (const [who, count] of Object.entries(now?.waitingFor ?? {})) this.set({ who }, count);
    },
  });
  const plain = (name: string, help: string, value: (counts: OpenCounts) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const now = await told();
        if (now === undefined) this.remove();
        else this.set(value(now));
      },
    });
  plain('mfa_runs_stuck', 'Runs whose workflow tasks fail or time out again and again.', ({ stuck }) => stuck);
  plain(
    'mfa_webhooks_undelivered',
    'Enrollments with events that have not arrived at a receiver.',
    ({ undelivered }) => undelivered,
  );
}
