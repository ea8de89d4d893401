import { enrollmentParams } from '../api/schemas';
import { createApi, type Api } from './api';
import type { Suggestion } from './completion/suggestions';
import { chooseApi, connectionFor, type ConnectionOptions } from './connection';
import { exitCodes } from './exit-codes';
import { Failure, usage } from './failure';
import { allPages, onePage } from './pages';
import type { Terminal } from './terminal';
import { columns } from './text/columns';
import { isWholeId, shortIds } from './text/ids';

const beginning = /^enr_[A-Za-z0-9_-]{4,63}$/;

/**
 * The id of the one enrollment that `given` names: itself, or the id that begins so. Throws Failure when none does, and when several
 * do: a code or a cancellation must not reach another enrollment than the one that was meant.
 */
export async function enrollmentIdOf(api: Api, given: string): Promise<string> {
  if (isWholeId(given)) return given;
  if (!beginning.test(given)) {
    if (enrollmentParams.safeParse({ id: given }).success) throw usage(`id: ${expected}. This one is too short.`);
    throw usage(`id: ${expected}; \`mfa list\` shows them.`);
  }
  const { enrollments } = await allPages(api, { idPrefix: given, limit: '100' });
  const [first, ...others] = enrollments;
  if (first === undefined) {
    throw new Failure(
      exitCodes.notAllowed,
      `No enrollment that this key may see begins with ${given}. A new one can be found after a moment.`,
    );
  }
  if (others.length === 0) return first.id;
  const names = shortIds(enrollments.map(({ id }) => id));
  const rows = enrollments.map(({ id, state }) => [`  ${names.get(id) ?? id}`, state]);
  throw usage(`Several enrollments begin with ${given}. Which one?\n${columns(rows)}`);
}

/** Nobody waits longer for the tab key. Milliseconds. */
const suggestionMs = 2000;

/**
 * For the shell's completion: ids as short as they can be, of the enrollments that `mfa list` shows first. None where a command has to
 * be run for the key: it may ask its owner. Throws Failure.
 */
export async function suggestedIds(terminal: Terminal, options: ConnectionOptions): Promise<readonly Suggestion[]> {
  if (chooseApi(terminal, options).profile?.key?.type === 'command') return [];
  const signal = AbortSignal.any([terminal.signal, AbortSignal.timeout(suggestionMs)]);
  const api = createApi(connectionFor(terminal, options, 'enrollments:read'), { now: terminal.now, signal });
  const { enrollments } = await onePage(api, { limit: '100' });
  const names = shortIds(enrollments.map(({ id }) => id));
  return enrollments.map(({ id, state }) => ({ value: names.get(id) ?? id, description: state }));
}

const expected = 'expected the id of an enrollment, enr_… , or its first 4 characters or more behind enr_';
