/** What `--server` of a script says: `dev` when absent. Throws an error that says what was expected. */
export function serverOf(text: string | undefined): 'dev' | 'postgres' {
  if (text === undefined || text === 'dev') return 'dev';
  if (text === 'postgres') return text;
  throw new Error('--server: expected dev or postgres');
}
