/** How far a run's history has grown. */
export interface RunSize {
  /** Messages that the run has received. */
  readonly messages: number;
  readonly historyEvents: number;
  readonly historyBytes: number;
  /** Temporal's own word that the history is large. */
  readonly suggested: boolean;
}

/**
 * From here on a run continues as new. Far below Temporal's limits for one run, which no message may ever reach: 2,000 updates,
 * 10,000 signals, 51,200 events, 50 MB; a run in which nothing goes wrong has less than 100 events and 100 kB.
 */
const runLimits = { messages: 500, historyEvents: 4_000, historyBytes: 2_000_000 };

/** Has the run grown so far that it should continue as new? `messagesPerRun` lowers the limit of messages. */
export const mustContinueAsNew = (size: RunSize, messagesPerRun = runLimits.messages): boolean =>
  size.suggested ||
  size.messages >= Math.min(messagesPerRun, runLimits.messages) ||
  size.historyEvents >= runLimits.historyEvents ||
  size.historyBytes >= runLimits.historyBytes;
