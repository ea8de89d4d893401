import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { parse, CsvError } from 'csv-parse/sync';
import type { z } from 'zod';
import { campaignUser } from '../api/schemas';
import { campaignLimits } from '../enrollment/campaign';
import { pageLimits } from '../enrollment/campaign-page';
import { defined } from '../enrollment/defined';
import { usage } from './failure';

export type CampaignUserLine = z.output<typeof campaignUser>;

/** Below what the API takes in one body, with room for what stands around the users. */
const pageBytes = 110 * 1024;
/** Faults that are told of at once. */
const mostFaults = 10;

/**
 * The users of a file, each once, in its order. CSV with a header, or NDJSON: `userId` and `phoneNumber`, or `user_id` and `phone_number` as
 * Auth0 exports them; what else stands there is passed over. Throws Failure that names the lines at fault, without what stands in them.
 */
export async function readUsers(path: string): Promise<readonly CampaignUserLine[]> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw usage('file: expected the path of a file that this process may read.');
  });
  const rows = isCsv(path, text) ? csvRows(text) : ndjsonRows(text);
  if (rows.length === 0) throw usage('file: expected at least one user.');
  if (rows.length > campaignLimits.users) throw usage(`file: expected at most ${campaignLimits.users} users.`);
  const faults: string[] = [];
  const lineOf = new Map<string, number>();
  const users = rows.flatMap(({ line, row }) => {
    const parsed = campaignUser.safeParse(memberOf(row));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      faults.push(`line ${line}: ${issue?.path.join('.') || 'user'}: expected ${issue?.message ?? 'a user'}`);
      return [];
    }
    const first = lineOf.get(parsed.data.userId);
    if (first !== undefined) faults.push(`line ${line}: the same user as in line ${first}`);
    lineOf.set(parsed.data.userId, first ?? line);
    return [parsed.data];
  });
  if (faults.length === 0) return users;
  const more = faults.length > mostFaults ? `\n… and ${faults.length - mostFaults} more` : '';
  throw usage(`Nothing was sent. The file has faults:\n${faults.slice(0, mostFaults).join('\n')}${more}`);
}

/** The users in pages that the API takes. */
export function pagesOf(users: readonly CampaignUserLine[]): readonly (readonly CampaignUserLine[])[] {
  const pages: CampaignUserLine[][] = [];
  let bytes = Infinity;
  for (const user of users) {
    const size = Buffer.byteLength(JSON.stringify(user)) + 1;
    const last = pages.at(-1);
    if (last === undefined || last.length >= pageLimits.users || bytes + size > pageBytes) {
      pages.push([user]);
      bytes = size;
    } else {
      last.push(user);
      bytes += size;
    }
  }
  return pages;
}

interface Row {
  /** In the file, from 1. */
  readonly line: number;
  readonly row: unknown;
}

function isCsv(path: string, text: string): boolean {
  const extension = extname(path).toLowerCase();
  if (extension === '.csv') return true;
  return !['.ndjson', '.jsonl'].includes(extension) && !text.trimStart().startsWith('{');
}

function csvRows(text: string): readonly Row[] {
  try {
    const rows = parse(text, { bom: true, columns: true, trim: true, skip_empty_lines: true, info: true });
    return rows.map((each): Row => {
      const { info, record } = each as { info: { lines: number }; record: unknown }; // as the option `info` says
      return { line: info.lines, row: record };
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw usage('file: expected CSV with a header, each line with as many fields as the header.'); // its own text repeats the line
  }
}

const ndjsonRows = (text: string): readonly Row[] =>
  text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .flatMap((content, index): readonly Row[] => {
      if (content.trim() === '') return [];
      try {
        return [{ line: index + 1, row: JSON.parse(content) as unknown }];
      } catch {
        throw usage(`file: line ${index + 1}: expected one JSON object on each line.`);
      }
    });

function memberOf(row: unknown): unknown {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) return row;
  const given: Record<string, unknown> = { ...row };
  const phoneNumber = given['phoneNumber'] ?? given['phone_number'];
  return defined({
    userId: given['userId'] ?? given['user_id'],
    phoneNumber: phoneNumber === '' || phoneNumber === null ? undefined : phoneNumber,
  });
}
