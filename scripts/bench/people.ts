import { z } from 'zod';
import { send } from '../stack/http';
import type { StackFile } from '../stack/stack-file';
import type { BenchTenant, Person } from './engine';

/** Each has a number: texts to one number are counted one after the other. */
let numbers = 0;

/** People with a token each, of the tenant; without one, people that nobody knows. Not part of what is measured. */
export async function makePeople(name: string, count: number, of: BenchTenant | undefined): Promise<readonly Person[]> {
  const indexes = Array.from({ length: count }, (_, index) => index).values();
  const people: Person[] = [];
  const lane = async () => {
    for (const index of indexes) people.push(await makePerson(`${name}-${index}`, of));
  };
  await Promise.all(Array.from({ length: 10 }, lane));
  return people;
}

async function makePerson(name: string, of: BenchTenant | undefined): Promise<Person> {
  numbers += 1;
  const phoneNumber = `+1415555${String(numbers % 10_000).padStart(4, '0')}`;
  if (of === undefined) return { userId: name, accessToken: 'none', expiresIn: 600, phoneNumber };
  const userId = await of.tenant.createUser(`${name}@example.com`);
  const { accessToken, expiresIn } = await of.tenant.token(userId);
  return { userId, accessToken, expiresIn, phoneNumber };
}

/** What went wrong for the users, as the tenant knows it. */
export interface WrongResults {
  /** Enrollments that did not end with both factors. */
  readonly notCompleted: number;
  /** Texts beyond the first, without those that a lost answer to their sending made necessary. */
  readonly textsTooMany: number;
  /** Texts whose sending was answered into a cut connection: the code in them can be used by nobody. */
  readonly textsLost: number;
}

const requests = z.array(
  z.object({
    path: z.string(),
    body: z.unknown().optional(),
    faults: z.array(z.string()).default(() => []),
  }),
);

/** Asks the tenant about each. `failed`: users whose enrollment was given up. */
export async function wrongResults(
  people: readonly Person[],
  failed: ReadonlySet<string>,
  of: BenchTenant | undefined,
): Promise<WrongResults> {
  if (of === undefined) return { notCompleted: failed.size, textsTooMany: 0, textsLost: 0 };
  let [notCompleted, textsTooMany, textsLost] = [0, 0, 0];
  for (const { userId } of people) {
    const active = await activeCount(of.stack, userId);
    if (failed.has(userId) || active < 2) notCompleted += 1;
    const texts = (await of.tenant.texts(userId)).length;
    const lost = texts > 1 ? await lostTexts(of.stack, userId) : 0;
    textsLost += lost;
    textsTooMany += Math.max(0, texts - 1 - lost);
  }
  return { notCompleted, textsTooMany, textsLost };
}

const listed = z.array(z.object({ active: z.boolean() }));

async function activeCount({ emulatorControl }: Pick<StackFile, 'emulatorControl'>, userId: string): Promise<number> {
  const url = `${emulatorControl}/users/${encodeURIComponent(userId)}/authenticators`;
  return listed.parse((await send({ method: 'GET', url })).body).filter(({ active }) => active).length;
}

async function lostTexts({ emulatorControl }: Pick<StackFile, 'emulatorControl'>, userId: string): Promise<number> {
  const url = `${emulatorControl}/requests?${new URLSearchParams({ userId }).toString()}`;
  return requests
    .parse((await send({ method: 'GET', url })).body)
    .filter(({ path, body, faults }) => path === '/mfa/associate' && faults.includes('resetAfter') && asksForText(body))
    .length;
}

const asksForText = (body: unknown): boolean => JSON.stringify(body ?? '').includes('oob_channels');
