import { draw, fullBucket, levelAt } from '../../src/enrollment/bucket';
import { cancel, receive, type Case } from '../../src/enrollment/case';
import { openCase } from '../../src/enrollment/token-choice';
import { isSettled } from '../../src/enrollment/enrollment';
import type { Actor } from '../../src/enrollment/actor';
import type { Answer, Command, EnrollmentInput, Shown } from '../../src/enrollment/commands';
import { defined } from '../../src/enrollment/defined';
import { afterSteps, lostAhead } from '../../src/enrollment/ahead';
import { decide, type Decision } from '../../src/enrollment/decide';
import {
  afterLocal,
  firstTask,
  mayBeLocal,
  newTask,
  recallIfRetried,
  type TaskSoFar,
} from '../../src/enrollment/dispatch';
import { learn } from '../../src/enrollment/learn';
import type { EffectStep, Fault, Performed, Step, Unexpected } from '../../src/enrollment/steps';
import { foreignToken, readToken } from '../../src/enrollment/token-owner';
import { viewOf } from '../../src/enrollment/view';
import type { ProblemCode } from '../../src/enrollment/problems';
import type { EnrollmentStateName, EnrollmentStatus } from '../../src/enrollment/status';
import type { Authenticator, FactorName } from '../../src/factors';

export const now = Date.parse('2026-03-01T12:00:00Z');
export const own = 'auth0|own';
export const other = 'auth0|other';
export const phoneNumber = '+14155550123';
export const otherNumber = '+12125550177';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
let tokens = 0;

/** An access token as Auth0 gives one for the MFA audience. `seconds`: its life from `at`. */
export const tokenOf = (userId: string, at = now, seconds = 600): string =>
  `${part({ alg: 'RS256' })}.${part({ sub: userId, exp: Math.floor(at / 1000) + seconds, jti: (tokens += 1) })}.signature`;

/** An opaque `mfa_token`, which only the tenant can say the user of. */
export const opaqueTokenOf = (userId: string): string => `Fe26.2*${userId}*${(tokens += 1)}`;

const userOf = (accessToken: string): string => {
  const token = readToken(accessToken);
  return token.type === 'readable' ? token.subject : (accessToken.split('*')[1] ?? '');
};
const expiryOf = (accessToken: string): number => {
  const token = readToken(accessToken);
  return token.type === 'readable' ? (token.expiresAt ?? Infinity) : Infinity;
};

/** How a call goes wrong. `After`: it has its effect all the same. */
export type Trouble =
  | 'lostBefore'
  | 'lostAfter'
  | 'unavailable'
  | 'throttled'
  | 'unexpectedBefore'
  | 'unexpectedAfter'
  | 'fatal'
  | 'denied'
  | 'refusedDelete'
  | 'challengeExpired'
  | 'tooManyCodes'
  | 'tooManyTexts'
  | 'phoneNumberInvalid'
  | 'authenticatorLimit'
  | 'numberLimit'
  | 'callerLimit'
  | 'textsStopped'
  | 'tokenRefused'
  | 'tokenWrongKind';

interface Sent {
  readonly userId: string;
  readonly to: string;
  readonly code: string;
  readonly at: number;
}
interface Pending {
  readonly id: string;
  readonly userId: string;
  readonly code: string;
  readonly expiresAt: number;
  readonly accessToken: string;
}

/** A tenant in memory: what Auth0's documentation says of it, in the words of our steps. It trusts tokens, not callers. */
export function createTenant() {
  const accounts = new Map<string, Authenticator[]>();
  const pending = new Map<string, Pending>();
  const refreshTokens = new Map<string, { userId: string; seconds: number }>();
  const sent: Sent[] = [];
  const deleted: { userId: string; id: string; wasActive: boolean }[] = [];
  const calls: { type: EffectStep['type']; userId: string; forUserId: string; at: number }[] = [];
  /** Auth0's own bucket of wrong codes per user: 10, one back every 6 minutes. */
  let attempts = fullBucket(10, 360, now);
  let emptied = false;
  let ids = 0;
  /** The authenticators that were there before the text of a run's first workflow task, as its counter remembers them. */
  let reserved: readonly string[] | undefined;
  const account = (userId: string) => {
    const found = accounts.get(userId) ?? [];
    accounts.set(userId, found);
    return found;
  };
  const activate = (userId: string, id: string) =>
    accounts.set(
      userId,
      account(userId).map((each) => (each.id === id ? { ...each, active: true } : each)),
    );
  const codeOf = () => String(100_000 + ((ids * 7919) % 900_000));

  function effect(step: EffectStep, at: number): Performed['outcome'] {
    if (step.type === 'refresh') {
      const grant = refreshTokens.get(step.input.refreshToken);
      refreshTokens.delete(step.input.refreshToken);
      if (grant === undefined) return { kind: 'refused' };
      const accessToken = tokenOf(grant.userId, at, grant.seconds);
      const foreign = foreignToken(accessToken, step.input.userId, 'refuse'); // the activity's own check
      return foreign === undefined
        ? { kind: 'refreshed', token: { accessToken, expiresIn: grant.seconds, scope: ['enroll'] } }
        : { kind: 'foreign', problem: foreign };
    }
    if (step.type === 'recall')
      return reserved === undefined ? { kind: 'none' } : { kind: 'reserved', knownIds: reserved };
    const { accessToken } = step.input;
    const userId = userOf(accessToken);
    calls.push({ type: step.type, userId, forUserId: step.input.userId, at });
    if (expiryOf(accessToken) <= at) return { kind: 'token_refused', problem: 'token_refused' };
    switch (step.type) {
      case 'list':
        return { kind: 'listed', authenticators: [...account(userId)] };
      case 'delete':
        deleted.push({
          userId,
          id: step.input.id,
          wasActive: account(userId).some(({ id, active }) => active && id === step.input.id),
        });
        accounts.set(
          userId,
          account(userId).filter(({ id }) => id !== step.input.id),
        );
        return { kind: 'deleted' };
      case 'associate': {
        const { factor, phoneNumber: to, firstOfRun, knownIds } = step.input;
        if (firstOfRun === 'inTask') reserved = knownIds;
        const id = `${factor === 'otp' ? 'totp' : factor}|dev_${(ids += 1)}`;
        const code = codeOf();
        account(userId).push(
          factor === 'otp'
            ? { id, authenticatorType: 'otp', active: false }
            : { id, authenticatorType: 'oob', oobChannel: factor, active: false },
        );
        const key = factor === 'otp' ? `KEY${ids}` : `oob-${ids}`;
        const expiresAt = factor === 'otp' ? Infinity : at + 300_000;
        pending.set(key, { id, userId, code, expiresAt, accessToken });
        if (factor === 'otp') {
          return {
            kind: 'associated',
            challenge: { type: 'otp', setupKey: key, barcodeUri: `otpauth://totp/x?secret=${key}` },
          };
        }
        sent.push({ userId, to: to ?? 'mailbox', code, at });
        return { kind: 'associated', challenge: { type: 'oob', oobCode: key } };
      }
      case 'confirm': {
        const { proof } = step.input;
        const found =
          proof.type === 'oob'
            ? pending.get(proof.oobCode)
            : [...pending.entries()]
                .filter(([key, each]) => key.startsWith('KEY') && each.userId === userId)
                .at(-1)?.[1];
        if (
          found === undefined ||
          (found.accessToken !== accessToken && proof.type === 'oob') ||
          found.expiresAt <= at
        ) {
          return { kind: 'challenge_expired' };
        }
        const given = proof.type === 'oob' ? proof.bindingCode : proof.otp;
        if (levelAt(attempts, at) === 0) {
          emptied = true;
          return { kind: 'too_many_codes' };
        }
        if (given !== found.code || account(userId).some(({ id, active }) => id === found.id && active)) {
          attempts = draw(attempts, at);
          return { kind: 'code_rejected' };
        }
        activate(userId, found.id);
        return { kind: 'accepted', token: { accessToken: tokenOf(userId, at), expiresIn: 600, scope: ['enroll'] } };
      }
    }
  }

  function perform(step: EffectStep, at: number, trouble?: Trouble): Performed {
    const outcome = ((): Performed['outcome'] => {
      switch (trouble) {
        case undefined:
          return effect(step, at);
        case 'lostBefore':
          return { kind: 'lost' } satisfies Fault;
        case 'lostAfter':
          effect(step, at);
          return { kind: 'lost' } satisfies Fault;
        case 'unavailable':
          return { kind: 'unavailable' } satisfies Fault;
        case 'throttled':
          return { kind: 'unavailable', retryAfterMs: 60_000 } satisfies Fault;
        case 'unexpectedBefore':
          return step.type === 'delete' ? { kind: 'not_allowed' } : ({ kind: 'unexpected' } satisfies Unexpected);
        case 'unexpectedAfter':
          effect(step, at);
          return step.type === 'delete' ? { kind: 'not_allowed' } : ({ kind: 'unexpected' } satisfies Unexpected);
        case 'fatal':
          return { kind: 'fatal', failure: 'configuration', message: 'The tenant is misconfigured.' } satisfies Fault;
        case 'denied':
          return step.type === 'confirm' ? { kind: 'denied' } : effect(step, at);
        case 'refusedDelete':
          return step.type === 'delete' ? { kind: 'not_allowed' } : effect(step, at);
        case 'challengeExpired':
          return step.type === 'confirm' ? { kind: 'challenge_expired' } : effect(step, at);
        case 'tooManyCodes':
          return step.type === 'confirm' ? { kind: 'too_many_codes' } : effect(step, at);
        case 'tooManyTexts':
          return step.type === 'associate' ? { kind: 'too_many_texts' } : effect(step, at);
        case 'phoneNumberInvalid': // said of numbers alone
          return step.type === 'associate' && step.input.phoneNumber !== undefined
            ? { kind: 'phone_number_invalid' }
            : effect(step, at);
        case 'authenticatorLimit':
          return step.type === 'associate' ? { kind: 'authenticator_limit' } : effect(step, at);
        case 'numberLimit': // these are about phones alone
        case 'callerLimit':
          return step.type === 'associate' && step.input.phoneNumber !== undefined
            ? { kind: 'not_sent', why: trouble === 'numberLimit' ? 'number' : 'caller', retryAt: at + 86_400_000 }
            : effect(step, at);
        case 'textsStopped':
          return step.type === 'associate' && step.input.phoneNumber !== undefined
            ? { kind: 'not_sent', why: 'stopped' }
            : effect(step, at);
        case 'tokenRefused':
          return step.type === 'refresh' ? { kind: 'refused' } : { kind: 'token_refused', problem: 'token_refused' };
        case 'tokenWrongKind':
          return step.type === 'refresh' ? { kind: 'refused' } : { kind: 'token_refused', problem: 'token_wrong_kind' };
      }
    })();
    return { type: step.type, step, outcome } as Performed; // effect() answers each type of step with an outcome of that type
  }

  return {
    accounts,
    account,
    sent,
    deleted,
    calls,
    perform,
    /** Was a code sent while Auth0 would take no more of this user? */
    get emptied() {
      return emptied;
    },
    /** A refresh token that gives one token of this user. */
    refreshTokenOf(userId: string, seconds = 600): string {
      const token = `refresh-${(tokens += 1)}`;
      refreshTokens.set(token, { userId, seconds });
      return token;
    },
    /** What answers the newest challenge of this setup key or oob code. */
    codeFor: (key: string): string => pending.get(key)?.code ?? '000000',
  };
}
export type FakeTenant = ReturnType<typeof createTenant>;

export interface WorldOptions extends Partial<EnrollmentInput> {
  /** Begins without a token; otherwise with a fresh one of the user. */
  readonly tokenless?: true;
  /** What users have before the enrollment begins. */
  readonly had?: Readonly<Record<string, readonly Authenticator[]>>;
  readonly at?: number;
}

const asFirstOfRun = (step: Extract<EffectStep, { type: 'associate' }>): EffectStep => ({
  ...step,
  input: { ...step.input, firstOfRun: 'inTask' },
});

/** Far more steps than an enrollment takes without resting. */
const stepsBound = 500;

export interface World {
  readonly tenant: FakeTenant;
  now: number;
  case: Case;
  /** The step that the last run came to. */
  step: Step | undefined;
  readonly answers: Map<number, Answer>;
  /** Answers that came twice. */
  readonly repeated: number[];
  /** Called for each effect: how it goes wrong. */
  trouble: (step: EffectStep) => Trouble | undefined;
  /** Called for each workflow task of an enrollment whose steps are local: is a try of it lost, after it did all it could? */
  losesTry: () => boolean;
  /** Called before steps are performed inside a workflow task: does nothing come back of them, although they all had their effect? */
  losesAhead: () => boolean;
  /** Called after each change. */
  observe: () => void;
  /** Decides and performs until the enrollment waits or is settled. */
  run(): World;
  /** Puts a command in line and runs; its answer, if it has one by then. */
  send(command: Command): Answer | undefined;
  /** A code as an update sends it: the result. */
  code(code: string, factor?: FactorName, challengeId?: string, by?: Actor): string | undefined;
  token(accessToken: string, more?: { refreshToken?: string; expiresIn?: number }, shown?: Shown): Answer | undefined;
  resend(): Answer | undefined;
  changeNumber(to?: string, by?: Actor): Answer | undefined;
  cancel(reason?: string): World;
  /** Moves the clock on, stopping wherever the enrollment wants to wake up. */
  later(seconds: number): World;
  /** The code that answers the challenge which waits. */
  rightCode(): string;
  /** Answers what is asked as the user would, until the enrollment is settled or waits for something else. */
  finish(): World;
  /** Does what the enrollment says it waits for, turn by turn, until it is settled. */
  help(turns?: number): World;
  readonly state: EnrollmentStateName;
  readonly view: EnrollmentStatus;
  readonly problem: ProblemCode | undefined;
}

/** One enrollment and a tenant, with a clock that moves only when it is told to: the workflow's loop without Temporal. */
export function createWorld({ had = {}, at = now, tokenless, ...input }: WorldOptions = {}): World {
  const tenant = createTenant();
  for (const [userId, authenticators] of Object.entries(had)) tenant.account(userId).push(...authenticators);
  let opening = true;
  const start: EnrollmentInput = {
    userId: own,
    factors: ['sms', 'otp'],
    phoneNumber,
    ...(tokenless ? {} : { token: { accessToken: tokenOf(own, at) } }),
    ...input,
  };
  const world: World = {
    tenant,
    now: at,
    case: { ...openCase(start, at, 0.5), ...(start.options?.partialPolicy === 'remove' ? { doubtsUndo: true } : {}) }, // as the workflow does
    step: undefined,
    answers: new Map(),
    repeated: [],
    trouble: () => undefined,
    losesTry: () => false,
    losesAhead: () => false,
    observe: () => undefined,

    run(): World {
      let task = opening ? firstTask(world.case, world.case.inbox.length === 0, world.now) : newTask();
      if (loseTry(task) && opening) {
        world.case = recallIfRetried(world.case, false, world.now);
        task = newTask();
      }
      opening = false;
      let remotely = false;
      for (let steps = 0; steps < stepsBound; steps += 1) {
        const decision = decide(world.case, world.now);
        world.case = decision.case;
        keep(decision.answers);
        world.step = decision.step;
        world.observe();
        if (decision.step.type === 'wait' || decision.step.type === 'close') return world;
        const ahead = { decision, task, at: world.now };
        const isLocal: boolean = !remotely && mayBeLocal(world.case, decision.step, task);
        if (isLocal && world.losesAhead()) {
          loseSteps(decision, task);
          const nothing = lostAhead(ahead, { kind: 'lost' }, world.now, `challenge-${(tokens += 1)}`);
          const { turns, task: reached } = afterSteps(ahead, nothing);
          for (const turn of turns) {
            world.case = turn.case;
            keep(turn.answers);
            world.observe();
          }
          [task, remotely] = [reached, nothing.goesOnRemotely];
          continue;
        }
        remotely = false;
        const performed = tenant.perform(decision.step, world.now, world.trouble(decision.step));
        const learnt = learn(world.case, performed, world.now, `challenge-${(tokens += 1)}`, { mindsLostCalls: true });
        world.case = learnt.case;
        keep(learnt.answers);
        world.observe();
        task = isLocal ? afterLocal(task, performed, 0) : newTask();
        if (!isLocal) loseTry(task);
      }
      throw new Error(`no rest after ${stepsBound} steps in ${world.state}`);
    },
    send(command: Command): Answer | undefined {
      const { case: next, id } = receive(world.case, command);
      world.case = next;
      world.run();
      return id === undefined ? undefined : world.answers.get(id);
    },
    code(code: string, factor: FactorName = 'sms', challengeId?: string, by?: Actor): string | undefined {
      const answer = world.send({
        type: 'code',
        answers: factor === 'otp' ? 'otp' : 'oob',
        factor,
        code,
        ...defined({ challengeId, by }),
      });
      if (answer?.type === 'code') return answer.result;
      return answer?.type === 'refused' ? answer.refusal.type : answer?.type;
    },
    token: (accessToken: string, more: { refreshToken?: string; expiresIn?: number } = {}, shown?: Shown) =>
      world.send({
        type: 'token',
        token: { accessToken, ...more },
        ...(shown === undefined ? {} : { shown, consent: true }),
      }),
    resend: () => world.send({ type: 'resend' }),
    changeNumber: (to = otherNumber, by?: Actor) =>
      world.send({ type: 'changePhoneNumber', phoneNumber: to, ...defined({ by }) }),
    cancel(reason?: string): World {
      world.case = cancel(world.case, reason);
      return world.run();
    },
    later(seconds: number): World {
      const until = world.now + seconds * 1000;
      for (let wakes = 0; world.step?.type === 'wait' && world.step.until <= until; wakes += 1) {
        if (wakes > 20_000) throw new Error('the enrollment keeps waking up');
        world.now = Math.max(world.now, world.step.until);
        world.run();
      }
      world.now = Math.max(world.now, until);
      return world;
    },
    rightCode(): string {
      const secret = world.case.held.challenge?.secret;
      if (secret === undefined) return '000000';
      return tenant.codeFor(secret.type === 'oob' ? secret.oobCode : secret.setupKey);
    },
    finish(): World {
      for (let codes = 0; codes < 10 && world.state === 'awaiting_code'; codes += 1) {
        const factor = 'challenge' in world.case.enrollment ? world.case.enrollment.challenge.factor : 'sms';
        world.code(world.rightCode(), factor);
        if (world.view.state === 'associating') world.later(40); // a cool-down
      }
      return world;
    },
    help(turns = 60): World {
      for (let turn = 0; turn < turns && !isSettled(world.case.enrollment); turn += 1) {
        switch (world.view.waitingFor.what) {
          case 'sign_in':
          case 'token':
            world.token(tokenOf(own, world.now));
            break;
          case 'binding_code':
          case 'otp':
            world.finish();
            break;
          case 'resend':
          case 'unexpected_answer':
          case 'delete_authenticators':
            world.resend();
            if (world.state === 'associating') world.later(60);
            break;
          case 'phone_number':
            world.changeNumber();
            break;
          default:
            world.later(300);
        }
      }
      return world;
    },
    get state() {
      return world.case.enrollment.state;
    },
    get view() {
      return viewOf(world.case.enrollment, world.now);
    },
    get problem() {
      return world.case.enrollment.lastProblem?.code;
    },
  };
  /** The worker dies at the end of a workflow task: Auth0 has its calls, and nobody else knows of them. */
  function loseTry(task: TaskSoFar): boolean {
    if (world.case.localFirst !== true || !world.losesTry()) return false;
    loseSteps(decide(world.case, world.now), task);
    return true;
  }
  /** Has all steps that one workflow task may perform from here on take effect, and keeps nothing of them. */
  function loseSteps(from: Decision, task: TaskSoFar): void {
    let [lost, soFar] = [from, task];
    for (let steps = 0; steps < stepsBound; steps += 1) {
      const { case: next, step } = lost;
      if (step.type === 'wait' || step.type === 'close' || !mayBeLocal(next, step, soFar)) break;
      const asked = step.type === 'associate' && soFar.isFirst ? asFirstOfRun(step) : step;
      const performed = tenant.perform(asked, world.now);
      const learnt = learn(next, performed, world.now, 'lost', { mindsLostCalls: true });
      soFar = afterLocal(soFar, performed, 0);
      lost = decide(learnt.case, world.now);
    }
  }
  function keep(answers: readonly Answer[]): void {
    for (const answer of answers) {
      if (world.answers.has(answer.id)) world.repeated.push(answer.id);
      world.answers.set(answer.id, answer);
    }
  }
  return world;
}
