import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { enrollment, problem } from '../../api/schemas';
import { outcomes } from '../../enrollment/status';
import {
  apiCommand,
  idArgument,
  onCall,
  withExamples,
  type CommandParts,
  type CommandContext,
  type CommandResult,
} from '../command';
import { exitCodes } from '../exit-codes';
import { Failure } from '../failure';
import { enrollmentIdOf } from '../ids';
import { problemFailure } from '../problem';
import type { Terminal } from '../terminal';
import { enrollmentLine, type Enrollment } from '../text/enrollment';

const scope = 'enrollments:read';

/** How long the API may stay away: longer than a restart or a roll-out takes. Milliseconds. */
const patienceMs = 5 * 60_000;
/** Before a stream is opened again: the first pause, doubled with each try up to the longest. Milliseconds. */
const firstPauseMs = 1000;
const longestPauseMs = 15_000;

/** `mfa watch`: a line for each change, until the outcome. */
export function watchCommand(parts: CommandParts) {
  const command = apiCommand('watch', scope, 'Follow an enrollment until its outcome').addArgument(idArgument());
  withExamples(command, 'watch enr_NNsi-2hB', 'watch enr_NNsi-2hB && echo completed');
  return onCall<object, [string]>(command, scope, parts, async (context, _options, given) =>
    follow(context, await enrollmentIdOf(context.api, given), given),
  );
}

async function follow(context: CommandContext, id: string, given: string): Promise<CommandResult> {
  const outage = createOutage(context.terminal, given);
  let last: string | undefined;
  for (;;) {
    let fault: unknown;
    try {
      for await (const seen of events(context, id)) {
        outage.over();
        const line = JSON.stringify(seen);
        if (line === last) continue; // a new stream begins with what the old one has told
        last = line;
        if (isOutcome(seen)) return resultOf(seen, context);
        context.terminal.stdout.write(`${lineOf(seen, context)}\n`);
      }
    } catch (error) {
      if (last === undefined || !passes(error)) throw error; // an address that was never right is told at once
      fault = error;
    }
    await outage.pause(fault);
  }
}

/** Does it pass by itself? The API is away or not ready, or asks to come back later. */
const passes = (error: unknown): error is Failure =>
  error instanceof Failure &&
  (error.exitCode === exitCodes.unavailable || error.body.code === 'too_many_requests') &&
  error.body.code !== 'internal';

/** The time in which the API tells nothing: how long it lasts, and what the person at the terminal hears of it. */
function createOutage(terminal: Terminal, given: string) {
  let since = terminal.now();
  let tries = 0;
  let told = false;
  return {
    over(): void {
      if (told) terminal.stderr.write('mfa: The API answers again.\n');
      tries = 0;
      told = false;
      since = terminal.now();
    },
    /** Throws Failure when it has lasted too long, and on Ctrl-C. */
    async pause(fault: unknown): Promise<void> {
      const left = since + patienceMs - terminal.now();
      if (left <= 0) {
        const minutes = patienceMs / 60_000;
        const text = `The API has told nothing for ${minutes} minutes. Go on later with: mfa watch ${given}`;
        throw new Failure(exitCodes.unavailable, text);
      }
      if (fault instanceof Failure && !told) {
        told = true;
        terminal.stderr.write(`mfa: ${fault.message}\nmfa: It is tried again for up to 5 minutes. Ctrl-C ends this.\n`);
      }
      const pauseMs = Math.min(firstPauseMs * 2 ** tries, longestPauseMs, left);
      tries += 1;
      // Not all who watch come back at the same moment.
      await terminal.wait(Math.max(retryAfterMs(fault), pauseMs * (0.5 + Math.random() / 2)));
      if (terminal.signal.aborted) throw new Failure(exitCodes.interrupted, 'Interrupted.');
    },
  };
}

function retryAfterMs(fault: unknown): number {
  const body = fault instanceof Failure ? problem.safeParse(fault.body).data : undefined;
  return (body?.retryAfter ?? 0) * 1000;
}

/** The enrollments of one stream, until it ends or breaks off. Throws Failure for a problem. */
async function* events({ api, terminal }: CommandContext, id: string): AsyncGenerator<Enrollment> {
  const stream = await api.open(`/enrollments/${id}/events`);
  const messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => void messages.push(message) });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      parser.feed(decoder.decode(chunk, { stream: true }));
      for (const { event, data } of messages.splice(0)) {
        if (event === 'problem') throw problemFailure(problem.parse(JSON.parse(data)), terminal.now());
        if (event === 'enrollment') yield enrollment.parse(JSON.parse(data));
      }
    }
  } catch (error) {
    if (terminal.signal.aborted) throw new Failure(exitCodes.interrupted, 'Interrupted.');
    if (brokeOff(error)) return; // it is opened again
    throw error;
  }
}

/** Node's and undici's faults of a connection have a code; ours and zod's have none. */
const brokeOff = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';

const isOutcome = ({ state }: Enrollment): boolean => outcomes.some((outcome) => outcome === state);

const lineOf = (seen: Enrollment, { json, terminal, style }: CommandContext): string =>
  json ? JSON.stringify(seen) : enrollmentLine(seen, terminal.now(), style);

const resultOf = (seen: Enrollment, context: CommandContext): CommandResult => ({
  json: seen,
  text: lineOf(seen, context),
  exitCode: seen.state === 'completed' ? exitCodes.ok : exitCodes.refused,
});
