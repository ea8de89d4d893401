import {
  ApplicationFailure,
  CancellationScope,
  condition,
  currentUpdateInfo,
  log,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
import { busy, isAwaited, refuseCode, refusePhoneNumber, refuseResend, refuseToken } from '../enrollment/admission';
import { levelAt } from '../enrollment/bucket';
import { claim, tokenExpiry } from '../enrollment/case';
import { challengeSecretsOf } from '../enrollment/challenge-secrets';
import {
  parseCode,
  parseCodeSignal,
  parseReason,
  parseToken,
  type Answer,
  type Command,
  type Refusal,
} from '../enrollment/commands';
import { defined } from '../enrollment/defined';
import { currentFactor, isAtRest, isSettled } from '../enrollment/enrollment';
import { resultAtRest } from '../enrollment/judge-code';
import type { EnrollmentStatus } from '../enrollment/status';
import { secondsUntil, viewOf } from '../enrollment/view';
import { answeredBy } from '../factors';
import * as messages from './messages';
import { askToCancel, send, type Run } from './run';

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
  setHandler(messages.cancelEnrollment, (payload) => count(run, () => askToCancel(run, parseReason(payload))), {
    description: 'End the enrollment: {reason?}',
  });
  setDefaultSignalHandler((name) =>
    count(run, () => log.warn('signal ignored: unknown name', { length: name.length })),
  );

  setHandler(messages.awaitChallenge, () => answered(() => awaitChallenge(run)), {
    description: 'The first challenge, or how the enrollment ended',
    validator: () => admit(run, () => undefined),
  });
  setHandler(messages.confirmCode, (input) => answered(() => confirmCode(run, input)), {
    description: 'A code, answered with what became of it: {factor, code, challengeId?}',
    validator: (input) => admit(run, () => refuseCode(run.current, input, Date.now())),
  });
  setHandler(messages.resend, () => answered(() => obeyed(run, { type: 'resend' })), {
    description: 'Send another code',
    validator: () => admit(run, () => refuseResend(run.current, Date.now())),
  });
  setHandler(
    messages.changePhoneNumber,
    ({ phoneNumber }) => answered(() => obeyed(run, { type: 'changePhoneNumber', phoneNumber })),
    {
      description: 'Send codes to another number: {phoneNumber} in E.164',
      validator: (input) => admit(run, () => refusePhoneNumber(run.current, input, Date.now())),
    },
  );
  setHandler(messages.renewToken, (input) => answered(() => renewToken(run, input)), {
    description: 'A new token: {accessToken, expiresIn?, refreshToken?}',
    validator: (input) => admit(run, () => refuseToken(run.current, input)),
  });
}

export const view = ({ current }: Run): EnrollmentStatus =>
  viewOf(current.enrollment, Date.now(), tokenExpiry(current, Date.now()));

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

function codeSignal(run: Run, answers: 'oob' | 'otp', payload: unknown): void {
  const command = parseCodeSignal(answers, payload);
  if (command !== undefined && isAwaited(run.current, command)) return signal(run, command);
  count(run, () => log.warn('signal ignored: no code of six digits, or none is awaited now', { answers }));
}

function tokenSignal(run: Run, payload: unknown): void {
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
    ...defined({ challengeId: input.challengeId }),
  });
  const { result, retryAt } = answer?.type === 'code' ? answer : { result: 'unavailable' as const, retryAt: undefined };
  // A challenge that replaces the one the code came for belongs to the answer, so it is waited for.
  if (result === 'expired') await rested(run);
  const now = Date.now();
  return {
    result: resultAtRest(result, run.current),
    attemptsLeft: levelAt(run.current.enrollment.attempts, now),
    ...(retryAt === undefined ? {} : { retryAfter: secondsUntil(retryAt, now) }),
    status: view(run),
  };
}

async function renewToken(run: Run, input: messages.RenewTokenInput): Promise<messages.RenewTokenResult> {
  const updateId = currentUpdateInfo()?.id ?? '';
  if (typeof input.claim !== 'string') return obeyed(run, { type: 'token', token: parseToken(input) ?? input });
  if (run.current.claims.includes(updateId)) return rested(run); // carried out before the run continued as new
  run.current = claim(run.current, updateId);
  const answer = await obeyed(run, { type: 'token', token: parseToken(input) ?? input });
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
  const now = Date.now();
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
