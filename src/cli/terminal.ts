import type { Readable, Writable } from 'node:stream';

/** All that a command touches beside the network: tests bring their own. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & { readonly isTTY?: boolean };
  readonly stderr: Writable & { readonly isTTY?: boolean };
  readonly env: NodeJS.ProcessEnv;
  /** The file in which a running local stack tells its address and keys. */
  readonly stackFile: string;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Resolves after so many milliseconds, or when `signal` aborts. */
  readonly wait: (ms: number) => Promise<void>;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Shows a page to the person at the terminal. Rejects where there is no browser to be started. */
  readonly openBrowser: (url: string) => Promise<void>;
}
