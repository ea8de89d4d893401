import type { z } from 'zod';
import { enrollmentPage, listQuery } from '../api/schemas';
import { defined } from '../enrollment/defined';
import type { Api } from './api';
import { checked } from './inputs';

type EnrollmentPage = z.infer<typeof enrollmentPage>;
export type Filters = Readonly<Record<string, string | undefined>>;

/** 10,000 enrollments: more than anybody reads, and a bound for a list that never ends. */
const mostPages = 100;

/** All pages of a list as one; with a `nextCursor` when there are more than 100. Throws Failure. */
export async function allPages(api: Api, { cursor: from, ...filters }: Filters): Promise<EnrollmentPage> {
  const enrollments: EnrollmentPage['enrollments'][number][] = [];
  let nextCursor: string | undefined;
  let pages = 0;
  for await (const page of eachPage((cursor) => onePage(api, { ...filters, cursor }), from)) {
    enrollments.push(...page.enrollments);
    nextCursor = page.nextCursor;
    if (++pages === mostPages) break;
  }
  return { enrollments, ...defined({ nextCursor }) };
}

/** The pages of a list, each asked for with the `nextCursor` of the one before; the first with `from`. */
export async function* eachPage<Page extends { readonly nextCursor?: string }>(
  ask: (cursor: string | undefined) => Promise<Page>,
  from?: string,
): AsyncGenerator<Page, void, undefined> {
  let cursor = from;
  do {
    const page = await ask(cursor);
    yield page;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
}

/** Throws Failure. */
export const onePage = (api: Api, filters: Filters): Promise<EnrollmentPage> =>
  api.call({ method: 'GET', path: pathOf(filters), answer: enrollmentPage });

/** Throws Failure that says what the API would not take. */
function pathOf(filters: Filters): string {
  const query = checked(listQuery, defined(filters));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) search.set(name, String(value));
  return `/enrollments?${search.toString()}`;
}
