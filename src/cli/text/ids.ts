/** Is it the whole id of an enrollment? */
export const isWholeId = (text: string): boolean => /^enr_[A-Za-z0-9_-]{64}$/.test(text);

/** So many characters that two of a million users have the same ones with a chance of 1 in 500. */
const shortest = 'enr_'.length + 8;

/** The shortest beginning of each id that none of the others has, of 8 characters or more behind `enr_`. */
export function shortIds(ids: readonly string[]): ReadonlyMap<string, string> {
  const sorted = [...new Set(ids)].sort(); // an id has most in common with one of its neighbours
  return new Map(
    sorted.map((id, index) => {
      const common = Math.max(commonLength(id, sorted[index - 1]), commonLength(id, sorted[index + 1]));
      return [id, id.slice(0, Math.max(shortest, common + 1))];
    }),
  );
}

function commonLength(one: string, other = ''): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

/** Where Temporal keeps an enrollment. */
export interface TemporalRun {
  readonly workflowId: string;
  readonly runId: string;
}

/** The run that an id names: workflow and run stand in it as they are. Undefined for what is no whole id. */
export function temporalRunOf(id: string): TemporalRun | undefined {
  if (!isWholeId(id)) return undefined;
  const bytes = Buffer.from(id.slice('enr_'.length), 'base64url');
  const run = bytes.subarray(16, 32).toString('hex');
  return {
    workflowId: `mfa-enrollment-${bytes.subarray(0, 16).toString('base64url')}`,
    runId: run.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
  };
}
