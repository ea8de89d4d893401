import { setTimeout as sleep } from 'node:timers/promises';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { enrollment, problem } from '../../api/schemas';
import { outcomes } from '../../enrollment/status';
import { apiCommand, onCall, type CommandParts, type CommandContext, type CommandResult } from '../command';
import { exitCodes } from '../exit-codes';
import { Failure } from '../failure';
import { checkedId } from '../inputs';
import { problemFailure } from '../problem';
import { enrollmentLine, type Enrollment } from '../text/enrollment';

const scope = 'enrollments:read';

/** How often a stream that ended before the outcome is opened again without a word from it. */
const reopenings = 5;
const reopenMs = 1000;

/** `mfa watch`: a line for each change, until the outcome. */
export function watchCommand(parts: CommandParts) {
  const command = apiCommand('watch', scope, 'Follow an enrollment until its outcome').argument('<id>');
  return onCall<unknown, [string]>(command, scope, parts, async (context, _options, id) =>
    follow(context, checkedId(id)),
  );
}

async function follow(context: CommandContext, id: string): Promise<CommandResult> {
  let last: string | undefined;
  for (let silent = 0; silent <= reopenings; silent += 1) {
    if (silent > 0) await sleep(reopenMs);
    for await (const seen of events(context, id)) {
      silent = 0;
      const line = JSON.stringify(seen);
      if (line === last) continue; // a new stream begins with what the old one has told
      last = line;
      if (isOutcome(seen)) return resultOf(seen, context);
      context.terminal.stdout.write(`${lineOf(seen, context)}\n`);
    }
  }
  throw new Failure(exitCodes.unavailable, `The API ends the stream again and again. Look with: mfa status ${id}`);
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
