import { textField } from '../fields';

/** Auth0's default and greatest page. */
const mostPerPage = 100;
const usualPerPage = 50;

/** The page of `all` that `page` (from 0) and `per_page` name; with `include_totals=true` under `name`, with counts. */
export function pageOf(name: string, all: readonly unknown[], query: unknown): unknown {
  const page = numberField(query, 'page') ?? 0;
  const limit = Math.min(numberField(query, 'per_page') ?? usualPerPage, mostPerPage);
  const start = page * limit;
  const items = all.slice(start, start + limit);
  if (textField(query, 'include_totals') !== 'true') return items;
  return { start, limit, length: items.length, total: all.length, [name]: items };
}

function numberField(query: unknown, name: string): number | undefined {
  const text = textField(query, name);
  return text !== undefined && /^[0-9]{1,9}$/.test(text) ? Number(text) : undefined;
}
