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
  let cursor = from;
  for (let page = 0; page < mostPages && (page === 0 || cursor !== undefined); page += 1) {
    const answer = await onePage(api, { ...filters, cursor });
    enrollments.push(...answer.enrollments);
    cursor = answer.nextCursor;
  }
  return { enrollments, ...defined({ nextCursor: cursor }) };
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
