/** How every command but `mfa doctor` ends (docs/cli.md). */
export const exitCodes = {
  ok: 0,
  /** The service said no: a wrong code, too early, another step, over. */
  refused: 1,
  /** The command line or the configuration is not right; nothing was sent. */
  usage: 2,
  /** No usable answer: the service is not reachable, not ready, or not done yet. */
  unavailable: 3,
  /** The key is not known or lacks the scope, or there is no such enrollment. */
  notAllowed: 4,
  /** Our own bug (EX_SOFTWARE of sysexits.h). */
  broken: 70,
  /** Ctrl-C, as shells count it. */
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
