import { isError } from '../error-text';
import type { Enrollments } from '../temporal/enrollments';
import type { EnrollmentView } from '../temporal/enrollments/runs';

/** Follows enrollments for many listeners: those of one enrollment share one look at Temporal a second. */
export interface Watches {
  /** As `Enrollments.watch`; a listener that comes later begins with the newest look that there is. */
  watch: Enrollments['watch'];
  /** How many enrollments are looked at now. */
  readonly size: number;
}

export function createWatches({ watch }: Pick<Enrollments, 'watch'>): Watches {
  const followed = new Map<string, Followed>();

  function follow(id: string): Followed {
    const stop = new AbortController();
    const enrollment: Followed = { listeners: new Set(), stop: () => stop.abort() };
    const forget = () => {
      if (followed.get(id) === enrollment) followed.delete(id);
    };
    const look = async () => {
      let error: Error | undefined;
      try {
        for await (const view of watch(id, stop.signal)) {
          enrollment.newest = view ?? enrollment.newest;
          for (const listener of enrollment.listeners) listener.tell(view);
        }
      } catch (cause) {
        error = isError(cause) ? cause : new Error('an enrollment cannot be followed', { cause });
      }
      forget();
      for (const listener of enrollment.listeners) listener.end(error);
    };
    followed.set(id, enrollment);
    void look();
    return enrollment;
  }

  return {
    get size() {
      return followed.size;
    },
    async *watch(id, signal) {
      if (signal.aborted) return;
      const enrollment = followed.get(id) ?? follow(id);
      const listener = createListener(enrollment.newest);
      const leave = () => listener.end(undefined);
      enrollment.listeners.add(listener);
      signal.addEventListener('abort', leave);
      try {
        yield* listener.views();
      } finally {
        signal.removeEventListener('abort', leave);
        enrollment.listeners.delete(listener);
        if (enrollment.listeners.size === 0) {
          if (followed.get(id) === enrollment) followed.delete(id);
          enrollment.stop();
        }
      }
    },
  };
}

interface Followed {
  readonly listeners: Set<Listener>;
  readonly stop: () => void;
  newest?: EnrollmentView | undefined;
}

interface Listener {
  /** `undefined`: a look that showed nothing new. */
  tell(view: EnrollmentView | undefined): void;
  /** With the error that ended it, if one did. What was told before is still heard. */
  end(error: Error | undefined): void;
  views(): AsyncGenerator<EnrollmentView | undefined, void, undefined>;
}

/** A listener that is too slow misses the oldest: the newest is what counts. */
const maxUnheard = 16;

function createListener(first: EnrollmentView | undefined): Listener {
  const unheard: (EnrollmentView | undefined)[] = first === undefined ? [] : [first];
  let ended: { readonly error: Error | undefined } | undefined;
  let wake: () => void = () => undefined;
  return {
    tell: (view) => {
      if (ended !== undefined || (view === undefined && unheard.length > 0)) return;
      unheard.push(view);
      if (unheard.length > maxUnheard) unheard.shift();
      wake();
    },
    end: (error) => {
      ended ??= { error };
      wake();
    },
    async *views() {
      for (;;) {
        while (unheard.length > 0) yield unheard.shift();
        if (ended !== undefined) {
          if (ended.error !== undefined) throw ended.error;
          return;
        }
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
