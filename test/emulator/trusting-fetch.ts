import { readFileSync } from 'node:fs';
import { Agent, fetch as undiciFetch } from 'undici';

/** The standard fetch that trusts one more authority. `close` cuts its connections. */
export interface TrustingFetch {
  readonly fetch: typeof globalThis.fetch;
  close(): Promise<void>;
}

/** `caFile`: what the emulator names as such; without one (plain http) it is the global fetch. */
export function trustingFetch(caFile: string | undefined): TrustingFetch {
  if (caFile === undefined) return { fetch: globalThis.fetch, close: () => Promise.resolve() };
  const dispatcher = new Agent({ connect: { ca: readFileSync(caFile, 'utf8') } });
  // undici's fetch and Node's own are one implementation; only their type declarations are two.
  const fetch = ((input: string | URL, init?: RequestInit) =>
    undiciFetch(input, { ...init, dispatcher } as Parameters<
      typeof undiciFetch
    >[1])) as unknown as typeof globalThis.fetch;
  return { fetch, close: () => dispatcher.destroy() };
}
