import { exitCodes, type ExitCode } from './exit-codes';

/** What `--json` prints in place of an answer; a problem of the API is printed as it came (RFC 9457). */
export interface FailureBody {
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
}

/** Why a command ends without what was asked. The message is one sentence, or two when the second says what to do next. */
export class Failure extends Error {
  override readonly name = 'Failure';
  constructor(
    readonly exitCode: ExitCode,
    message: string,
    readonly body: FailureBody = { code: codes[exitCode], title: message },
  ) {
    super(message);
  }
}

const codes: Readonly<Record<ExitCode, string>> = {
  0: 'ok',
  1: 'refused',
  2: 'usage',
  3: 'unreachable',
  4: 'not_allowed',
  70: 'broken',
  130: 'interrupted',
};

export const usage = (message: string): Failure => new Failure(exitCodes.usage, message);
