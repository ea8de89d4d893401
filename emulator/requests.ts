/** A request that arrived at the public side, with its answer. Nothing is masked: this is a test double. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  body?: unknown;
  /** The user whose token it carried (`userOfRequest`); absent without one. */
  userId?: string;
  /** ISO 8601, emulator time. */
  readonly at: string;
  /** Absent while no answer was made; a fault may keep it from reaching the caller. */
  status?: number;
  /** The types of the faults that hit it. */
  faults?: string[];
}

/** Older records make room for newer ones. */
export const requestLimit = 10_000;
