import {
  ApplicationFailure,
  CancellationScope,
  condition,
  currentUpdateInfo,
  log,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
import { parseActor } from '../enrollment/actor';
import {
  busy,
  isAwaited,
  refuseAcknowledgement,
  refuseCode,
  refusePhoneNumber,
  refuseResend,
  refuseToken,
} from '../enrollment/admission';
import { levelAt } from '../enrollment/bucket';
import { claim, tokenExpiry } from '../enrollment/case';
import { challengeSecretsOf } from '../enrollment/challenge-secrets';
import {
  parseCode,
  parseCodeSignal,
  parsePhoneNumberHash,
  parseReason,
  parseShown,
  parseToken,
  type Answer,
  type Command,
  type Refusal,
} from '../enrollment/commands';
import { defined } from '../enrollment/defined';
import { currentFactor, isAtRest, isSettled } from '../enrollment/enrollment';
import { resultAtRest } from '../enrollment/judge-code';
import type { EnrollmentStatus } from '../enrollment/status';
import { contentOf, isSealed } from '../enrollment/unsealed';
import { secondsUntil, viewOf } from '../enrollment/view';
import { answeredBy } from '../factors';
import * as messages from './messages';
import { askToCancel, nowOf, send, type Run } from './run';

/** Registers every handler. Called before the first await, so that no message finds none. */
export function listen(run: Run): void {
  setHandler(messages.status, () => view(run), { description: 'Where the enrollment is; holds no secret' });
  setHandler(messages.challenge, () => challengeSecretsOf(run.current), {
    description: 'What the user must see: setup key, QR, recovery code',
  });

  setHandler(messages.submitBindingCode, (payload) => codeSignal(run, 'oob', payload), {
    description: 'The code that was sent to the user: a string of six digits, or {code}',
  });
  setHandler(messages.submitOtp, (payload) => codeSignal(run, 'otp', payload), {
    description: 'The code of the authenticator app: a string of six digits, or {code}',
  });
  setHandler(messages.provideToken, (payload) => tokenSignal(run, payload), {
    description: 'A new token: {accessToken, expiresIn?, refreshToken?}',
  });
  setHandler(messages.resendCode, () => signal(run, { type: 'resend' }), { description: 'Send another code' });
  setHandler(
    messages.cancelEnrollment,
    (payload) => count(run, () => askToCancel(run, parseReason(contentOf(payload)))),
    {
      description: 'End the enrollment: {reason?}',
    },
  );
  setDefaultSignalHandler((name) =>
    count(run, () => log.warn('signal ignored: unknown name', { length: name.length })),
  );

  setHandler(messages.awaitChallenge, () => answered(() => awaitChallenge(run)), {
    description: 'The first challenge, or how the enrollment ended',
    validator: () => admit(run, () => undefined),
  });
  setHandler(messages.confirmCode, (input) => answered(() => confirmCode(run, input)), {
    description: 'A code, answered with what became of it: {factor, code, challengeId?, by?}',
    validator: (input) => admit(run, () => refuseUnsealed(input) ?? refuseCode(run.current, input, nowOf(run))),
  });
  setHandler(messages.resend, () => answered(() => obeyed(run, { type: 'resend' })), {
    description: 'Send another code',
    validator: () => admit(run, () => refuseResend(run.current, nowOf(run))),
  });
  setHandler(
    messages.changePhoneNumber,
    (input) =>
      answered(() => {
        const { phoneNumber, by } = input;
        const more = defined({ phoneNumberHash: parsePhoneNumberHash(input), by: parseActor(by) });
        return obeyed(run, { type: 'changePhoneNumber', phoneNumber, ...more });
      }),
    {
      description: 'Send codes to another number: {phoneNumber, phoneNumberHash?, by?}, E.164',
      validator: (input) =>
        admit(run, () => refuseUnsealed(input) ?? refusePhoneNumber(run.current, input, nowOf(run))),
    },
  );
  setHandler(
    messages.acknowledgeRecoveryCode,
    ({ by }) => answered(() => obeyed(run, { type: 'acknowledgeRecoveryCode', ...defined({ by: parseActor(by) }) })),
    {
      description: 'The user has saved the recovery code: {by?}',
      validator: (input) => admit(run, () => refuseUnsealed(input) ?? refuseAcknowledgement(run.current, input)),
    },
  );
  setHandler(messages.renewToken, (input) => answered(() => renewToken(run, input)), {
    description: 'A new token: {accessToken, expiresIn?, refreshToken?, claim?, shown?}',
    validator: (input) => admit(run, () => refuseUnsealed(input) ?? refuseToken(run.current, input)),
  });
}

export function view(run: Run): EnrollmentStatus {
  const now = nowOf(run);
  return viewOf(run.current.enrollment, now, tokenExpiry(run.current, now));
}

// Signals: durable before anyone looks at them, so nothing they hold may throw, and nothing of it is logged.

function count(run: Run, handle: () => void): void {
  run.messages += 1;
  handle();
}

const signal = (run: Run, command: Command): void =>
  count(run, () => {
    if (isSettled(run.current.enrollment)) return;
    if (send(run, command) === undefined) log.warn('signal ignored: too many commands wait', { command: command.type });
  });

/** Taken from a plain shell too. Only a payload that `isSealed` may say whose hand it is. */
function codeSignal(run: Run, answers: 'oob' | 'otp', payload: unknown): void {
  const command = parseCodeSignal(answers, contentOf(payload), isSealed(payload));
  if (command !== undefined && isAwaited(run.current, command)) return signal(run, command);
  count(run, () => log.warn('signal ignored: no code of six digits, or none is awaited now', { answers }));
}

function tokenSignal(run: Run, payload: unknown): void {
  if (!isSealed(payload))
    return count(run, () => log.warn('signal ignored: a token must be sealed by the payload codec'));
  const token = parseToken(payload);
  if (token !== undefined) return signal(run, { type: 'token', token });
  count(run, () => log.warn('signal ignored: not a token'));
}

// Updates: the same commands, and an answer.

/** Throws the refusal of an update that is not taken; synchronous and without effect, so that it leaves no event. */
function admit(run: Run, refusal: () => Refusal | undefined): void {
  const refused = run.continuing ? busy() : refusal();
  if (refused !== undefined) throw failureOf(run, refused);
}

/** Numbers and tokens are taken from holders of a payload key alone, and for the enrollment they were sealed for alone. */
const refuseUnsealed = (input: unknown): Refusal | undefined =>
  isSealed(input) ? undefined : { type: 'malformed', message: 'The argument must be sealed by the payload codec.' };

/** What is under way finishes first when the run is cancelled, so whoever waits for it gets its answer. */
const answered = <T>(handler: () => Promise<T>): Promise<T> => CancellationScope.nonCancellable(handler);

function awaitChallenge(run: Run): Promise<EnrollmentStatus> {
  run.messages += 1;
  return rested(run);
}

async function confirmCode(run: Run, input: messages.ConfirmCodeInput): Promise<messages.ConfirmCodeResult> {
  const answer = await commanded(run, {
    type: 'code',
    answers: answeredBy(input.factor),
    factor: input.factor,
    code: parseCode(input.code) ?? '', // the validator has seen six digits
    ...defined({ challengeId: input.challengeId, by: parseActor(input.by) }),
  });
  if (answer?.type === 'refused') throw failureOf(run, answer.refusal);
  const { result, retryAt } = answer?.type === 'code' ? answer : { result: 'unavailable' as const, retryAt: undefined };
  // A challenge that replaces the one the code came for belongs to the answer, so it is waited for.
  if (result === 'expired') await rested(run);
  // The answer leaves with the workflow task anyway, so it tells what the rest of the task has come to.
  else await condition(() => !run.inTask || run.over);
  const now = nowOf(run);
  return {
    result: resultAtRest(result, run.current),
    attemptsLeft: levelAt(run.current.enrollment.attempts, now),
    ...(retryAt === undefined ? {} : { retryAfter: secondsUntil(retryAt, now) }),
    status: view(run),
  };
}

async function renewToken(run: Run, input: messages.RenewTokenInput): Promise<messages.RenewTokenResult> {
  const updateId = currentUpdateInfo()?.id ?? '';
  const shown = parseShown(input.shown);
  const command = { type: 'token', token: parseToken(input) ?? input, ...defined({ shown }) } as const;
  if (typeof input.claim !== 'string') return obeyed(run, command);
  if (run.current.claims.includes(updateId)) return rested(run); // carried out before the run continued as new
  run.current = claim(run.current, updateId);
  const answer = await obeyed(run, { ...command, ...(shown === undefined ? {} : { consent: true }) });
  return { ...answer, claim: input.claim.slice(0, 64) };
}

async function obeyed(run: Run, command: Exclude<Command, { type: 'code' }>): Promise<EnrollmentStatus> {
  const answer = await commanded(run, command);
  if (answer?.type === 'refused') throw failureOf(run, answer.refusal);
  return rested(run);
}

/** Puts a command in line and waits for its answer; `undefined` when the run ended in a fault of our own. */
async function commanded(run: Run, command: Command): Promise<Answer | undefined> {
  run.messages += 1;
  const id = send(run, command);
  if (id === undefined) throw failureOf(run, busy());
  run.awaited.add(id);
  await condition(() => run.answers.has(id) || run.over);
  const answer = run.answers.get(id);
  run.awaited.delete(id);
  run.answers.delete(id);
  return answer;
}

/** The view once the enrollment rests: waiting for a person, or settled. */
async function rested(run: Run): Promise<EnrollmentStatus> {
  await condition(() => isAtRest(run.current.enrollment) || run.continuing || run.over);
  return view(run);
}

function failureOf(run: Run, { type, message, retryAt }: Refusal): ApplicationFailure {
  const now = nowOf(run);
  const { enrollment } = run.current;
  const details: messages.RefusalDetails = {
    attemptsLeft: levelAt(enrollment.attempts, now),
    ...defined({
      retryAfter: retryAt === undefined ? undefined : secondsUntil(retryAt, now),
      factor: currentFactor(enrollment),
    }),
  };
  return ApplicationFailure.create({ type, message, nonRetryable: true, details: [details] });
}
