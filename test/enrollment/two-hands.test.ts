import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { refuseCode, refusePhoneNumber } from '../../src/enrollment/admission';
import { isSameHand, type Actor } from '../../src/enrollment/actor';
import { receive } from '../../src/enrollment/case';
import { parseCodeSignal, type Answer, type Command } from '../../src/enrollment/commands';
import { defined } from '../../src/enrollment/defined';
import type { Trouble } from './world';
import { createWorld, now, otherNumber, own, phoneNumber, tokenOf, type World } from './world';

const onboarding: Actor = { caller: 'onboarding' };
const agent: Actor = { caller: 'support', person: 'ada' };
const colleague: Actor = { caller: 'support', person: 'grace' };
const agentElsewhere: Actor = { caller: 'ops', person: 'ada' };
const supervisor: Actor = { caller: 'desk', person: 'joan' };
const nobody = undefined;

const startedBy = (by: Actor | undefined, more: Parameters<typeof createWorld>[0] = {}): World =>
  createWorld({ ...defined({ startedBy: by }), ...more }).run();

/** Gives another number and waits for its code. */
function changedBy(by: Actor | undefined, world = startedBy(onboarding)): World {
  world.changeNumber(otherNumber, by);
  return world.later(31);
}

const rows: readonly (readonly [string, () => World, Actor | undefined, 'taken' | 'refused'])[] = [
  ['the caller that started it with the number', () => startedBy(onboarding), onboarding, 'refused'],
  ['another caller than the one that started it', () => startedBy(onboarding), agent, 'taken'],
  ['nobody knows whom, and the number is the first one', () => startedBy(onboarding), nobody, 'taken'],
  ['any caller, when nobody knows who started it', () => startedBy(nobody), onboarding, 'taken'],
  ['nobody knows whom, when nobody knows who started it', () => startedBy(nobody), nobody, 'taken'],
  ['the person who changed the number', () => changedBy(agent), agent, 'refused'],
  ['a colleague with the same key', () => changedBy(agent), colleague, 'refused'],
  ['the same person with another key', () => changedBy(agent), agentElsewhere, 'refused'],
  ['another person with another key', () => changedBy(agent), supervisor, 'taken'],
  ['the caller that started it, after somebody else changed the number', () => changedBy(agent), onboarding, 'taken'],
  ['nobody knows whom, after the number was changed', () => changedBy(agent), nobody, 'refused'],
  ['nobody knows whom, after nobody knows who changed the number', () => changedBy(nobody), nobody, 'taken'],
];

describe('the code of a text message', () => {
  test.each(rows)('from %s', (_name, situation, by, expected) => {
    const world = situation();
    const code = world.rightCode();
    const admitted = refuseCode(world.case, { factor: 'sms', code, ...defined({ by }) }, world.now);
    expect(admitted?.type).toBe(expected === 'taken' ? undefined : 'second_person_needed');
    const { attempts, wrongCodes } = world.case.enrollment;
    const calls = world.tenant.calls.length;
    const result = world.code(code, 'sms', undefined, by);
    if (expected === 'taken') return expect(result).toBe('confirmed');
    expect(result).toBe('second_person_needed');
    expect(world.problem).toBe('second_person_needed');
    expect(world.case.enrollment).toMatchObject({ state: 'awaiting_code', attempts, wrongCodes });
    expect(world.tenant.calls).toHaveLength(calls);
    expect(world.code(code, 'sms', undefined, { caller: 'somebody-else' })).toBe('confirmed');
  });

  test.each(['voice', 'sms'] as const)('%s is concerned', (factor) => {
    const world = startedBy(onboarding, { factors: [factor] });
    expect(world.code(world.rightCode(), factor, undefined, onboarding)).toBe('second_person_needed');
  });

  test.each(['otp', 'email'] as const)('%s is not concerned: nobody gave its address', (factor) => {
    const world = startedBy(onboarding, { factors: [factor] });
    expect(world.code(world.rightCode(), factor, undefined, onboarding)).toBe('confirmed');
  });

  test('is refused in its turn when the number was changed between its admission and its turn', () => {
    const world = startedBy(onboarding, { factors: ['sms'] }).later(31);
    const code: Command = { type: 'code', answers: 'oob', factor: 'sms', code: world.rightCode(), by: agent };
    expect(refuseCode(world.case, code, world.now)).toBeUndefined();
    world.case = receive(world.case, { type: 'changePhoneNumber', phoneNumber: otherNumber, by: agent }).case;
    expect(refuseCode(world.case, code, world.now)).toBeUndefined(); // the change still waits in line
    const { case: next, id } = receive(world.case, code);
    world.case = next;
    world.run();
    expect(world.answers.get(id ?? -1)).toMatchObject({ type: 'refused', refusal: { type: 'second_person_needed' } });
    expect(world.tenant.calls.filter(({ type }) => type === 'confirm')).toEqual([]);
  });

  test('that comes while the text is on its way is refused at once, and in its turn', () => {
    const world = createWorld({ factors: ['sms'], startedBy: onboarding });
    const met: (string | undefined)[] = [];
    world.trouble = (step) => {
      if (step.type !== 'associate') return undefined;
      met.push(refuseCode(world.case, { factor: 'sms', code: '123456', by: onboarding }, world.now)?.type);
      world.case = receive(world.case, { type: 'code', answers: 'oob', code: '123456', by: onboarding }).case;
      return undefined;
    };
    world.run();
    expect(met).toEqual(['second_person_needed']);
    expect(world.answers.get(0)).toMatchObject({ type: 'refused', refusal: { type: 'second_person_needed' } });
    expect(world.tenant.calls.filter(({ type }) => type === 'confirm')).toEqual([]);
  });

  test('for the challenge before is refused too, and what the enrollment waits for stays said', () => {
    const world = startedBy(onboarding, { factors: ['sms'] }).later(31);
    const code = world.rightCode();
    world.trouble = ({ type }) => (type === 'associate' ? 'unavailable' : undefined);
    world.resend();
    const { enrollment } = world.case;
    expect(enrollment).toMatchObject({ state: 'associating', blockedOn: 'auth0' });
    expect(world.code(code, 'sms', undefined, onboarding)).toBe('second_person_needed');
    expect(world.case.enrollment).toBe(enrollment);
    expect(world.code(code, 'sms', undefined, agent)).toBe('confirmed');
  });

  test('of a number that nobody gave at the start is for another hand than the one that gave it later', () => {
    const world = createWorld({ factors: ['sms'], startedBy: onboarding, phoneNumber: '+14155550123' });
    world.case = { ...world.case, held: { ...world.case.held, phoneNumber: undefined, phoneNumberSetBy: undefined } };
    world.run();
    world.changeNumber(phoneNumber, agent);
    expect(world.code(world.rightCode(), 'sms', undefined, agent)).toBe('second_person_needed');
    expect(world.code(world.rightCode(), 'sms', undefined, onboarding)).toBe('confirmed');
  });
});

test.each([
  ['a code', 'code'],
  ['a number', 'number'],
] as const)('%s with a hand that is none is malformed', (_name, what) => {
  const world = startedBy(onboarding);
  const refusal =
    what === 'code'
      ? refuseCode(world.case, { factor: 'sms', code: '123456', by: { caller: '' } }, now)
      : refusePhoneNumber(world.case, { phoneNumber, by: 'support' }, now);
  expect(refusal?.type).toBe('malformed');
});

describe('a code signal', () => {
  const payload = { code: '123456', by: { caller: 'support' } };

  test('that is sealed says whose hand it is', () => {
    expect(parseCodeSignal('oob', payload, true)).toEqual({ type: 'code', answers: 'oob', ...payload });
  });

  test('from a plain shell is not believed whose hand it is', () => {
    expect(parseCodeSignal('oob', payload, false)).toEqual({
      type: 'code',
      answers: 'oob',
      code: '123456',
      unsealed: true,
    });
  });

  test('with a hand that is none holds no code', () => {
    expect(parseCodeSignal('oob', { ...payload, by: 'support' }, true)).toBeUndefined();
  });
});

// Whatever is done in whatever order

const hands = [onboarding, agent, colleague, agentElsewhere, supervisor, nobody];
const anyHand = fc.constantFrom(...hands);
type Move =
  | { readonly type: 'code'; readonly by: Actor | undefined; readonly right: boolean }
  | { readonly type: 'number'; readonly by: Actor | undefined }
  | { readonly type: 'token'; readonly behind: 0 | 1; readonly consent: boolean }
  | { readonly type: 'resend' };
const anyMove: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ type: fc.constant('code' as const), by: anyHand, right: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('number' as const), by: anyHand }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('token' as const),
      behind: fc.constantFrom(0 as const, 1 as const),
      consent: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Move>({ type: 'resend' }) },
);
/** Moves that come together before anything is done about them, and the seconds after which the next ones come. */
const anyStory = fc.record({
  plan: fc.constantFrom(
    ['sms'] as const,
    ['sms', 'voice'] as const,
    ['otp', 'sms'] as const,
    ['voice', 'otp'] as const,
  ),
  startedBy: anyHand,
  turns: fc.array(fc.tuple(fc.array(anyMove, { minLength: 1, maxLength: 4 }), fc.constantFrom(0, 31, 200)), {
    maxLength: 12,
  }),
  troubles: fc.array(
    fc.constantFrom<Trouble | undefined>(undefined, undefined, undefined, 'lostAfter', 'lostBefore', 'unavailable'),
    { maxLength: 30 },
  ),
});
type Story = typeof anyStory extends fc.Arbitrary<infer T> ? T : never;

/** What the test itself knows of a story: who sent what, in the order in which it came. */
interface Told {
  readonly world: World;
  readonly sent: Map<number, Command>;
  /** The hand that had set the number when the turn of this message came, and how often it had been changed by then. */
  readonly numberAt: (id: number) => { readonly setBy: Actor | undefined; readonly changes: number };
}

function lived(story: Story, onConfirm: (told: Told, id: number) => void = () => undefined): Told {
  const world = createWorld({ factors: story.plan, ...defined({ startedBy: story.startedBy }) });
  const sent = new Map<number, Command>();
  const told: Told = {
    world,
    sent,
    numberAt(id) {
      const changes = [...sent.entries()].filter(
        ([each, { type }]) => each < id && type === 'changePhoneNumber' && world.answers.get(each)?.type === 'done',
      );
      const last = changes.at(-1)?.[1];
      return {
        setBy: last === undefined ? story.startedBy : last.type === 'changePhoneNumber' ? last.by : undefined,
        changes: changes.length,
      };
    },
  };
  const troubles = [...story.troubles];
  world.trouble = (step) => {
    const { task } = world.case;
    if (step.type === 'confirm' && step.input.proof.type === 'oob' && task?.type === 'code') {
      onConfirm(told, task.commandId);
    }
    return troubles.shift();
  };
  world.run();
  for (const [moves, seconds] of story.turns) {
    for (const move of moves) {
      const command = commandOf(move, world);
      const { case: next, id } = receive(world.case, command);
      world.case = next;
      if (id !== undefined) sent.set(id, command);
    }
    world.run().later(seconds);
  }
  return told;
}

function commandOf(move: Move, world: World): Command {
  switch (move.type) {
    case 'code': {
      const answers = world.case.held.challenge?.secret.type ?? 'oob';
      return { type: 'code', answers, code: move.right ? world.rightCode() : '000001', ...defined({ by: move.by }) };
    }
    case 'number':
      return { type: 'changePhoneNumber', phoneNumber: otherNumber, ...defined({ by: move.by }) };
    case 'token': {
      const phoneNumberChanges = Math.max(0, world.view.phoneNumberChanges - move.behind);
      return {
        type: 'token',
        token: { accessToken: tokenOf(own, world.now) },
        shown: { phoneNumberChanges },
        ...(move.consent ? { consent: true } : {}),
      };
    }
    case 'resend':
      return { type: 'resend' };
  }
}

const everyStory = (claim: (story: Story) => void) => fc.assert(fc.property(anyStory, claim), { numRuns: 500 });

describe('whatever comes in whatever order', () => {
  test('the stories have codes that are asked about and codes that are refused, stale tokens and current ones', () => {
    const seen = new Set<string>();
    for (const story of fc.sample(anyStory, { numRuns: 500, seed: 7 })) {
      const { world } = lived(story, () => seen.add('asked'));
      for (const answer of world.answers.values()) {
        seen.add(
          answer.type === 'refused' ? answer.refusal.type : answer.type === 'code' ? answer.result : answer.type,
        );
      }
      if (world.case.enrollment.consentedAt !== undefined) seen.add('consent');
    }
    expect([...seen]).toEqual(
      expect.arrayContaining(['asked', 'second_person_needed', 'number_changed', 'confirmed', 'done', 'consent']),
    );
  });

  test('Auth0 is never asked about a texted or spoken code from the hand that set the number', () => {
    everyStory((story) => {
      lived(story, ({ sent, numberAt }, id) => {
        const command = sent.get(id);
        const by = command?.type === 'code' ? command.by : undefined;
        const { setBy, changes } = numberAt(id);
        if (setBy === undefined) return;
        expect(by === undefined ? changes > 0 : isSameHand(by, setBy)).toBe(false);
      });
    });
  });

  test('a code that is refused for its hand costs nothing: only what Auth0 was asked about does', () => {
    everyStory((story) => {
      let asked = 0;
      const { world } = lived(story, () => (asked += 1));
      const otp = world.tenant.calls.filter(({ type }) => type === 'confirm').length;
      expect(world.case.enrollment.wrongCodes).toBeLessThanOrEqual(Math.max(asked, otp));
      const refused = (answer: Answer) => answer.type === 'refused' && answer.refusal.type === 'second_person_needed';
      if ([...world.answers.values()].every((answer) => refused(answer) || answer.type === 'done')) {
        expect(world.case.enrollment.wrongCodes).toBe(0);
        expect(world.view.attemptsLeft).toBe(5);
      }
    });
  });

  test('a token whose user was shown another number is never used, and makes no consent', () => {
    everyStory((story) => {
      const { world, sent, numberAt } = lived(story);
      let consent = false;
      for (const [id, command] of sent) {
        const answer = world.answers.get(id);
        if (command.type === 'changePhoneNumber' && answer?.type === 'done') consent = false;
        if (command.type !== 'token' || answer === undefined) continue;
        const isStale = command.shown?.phoneNumberChanges !== numberAt(id).changes;
        if (isStale) {
          expect(answer).toMatchObject({ type: 'refused' });
          expect(JSON.stringify(world.case.held)).not.toContain(command.token.accessToken);
        } else if (answer.type === 'done' && command.consent === true) consent = true;
      }
      expect(world.case.enrollment.consentedAt !== undefined).toBe(consent);
    });
  });

  test('the notices are the newest twenty, oldest first, one for each change of the number', () => {
    everyStory((story) => {
      const { world, sent } = lived(story);
      const { notices } = world.view;
      expect(notices.length).toBeLessThanOrEqual(20);
      expect(notices.map(({ at }) => at)).toEqual(notices.map(({ at }) => at).sort());
      const changes = [...sent].filter(
        ([id, { type }]) => type === 'changePhoneNumber' && world.answers.get(id)?.type === 'done',
      );
      expect(world.view.phoneNumberChanges).toBe(changes.length);
      if (notices.length < 20) {
        expect(notices.filter(({ type }) => type === 'phone_number_changed')).toHaveLength(changes.length);
      }
    });
  });
});
