/** Follows the login page of the emulated tenant; gives the address that it sends the browser back to. */
export async function signInAtTenant(authorize: string, email: string): Promise<string> {
  const shown = await fetch(authorize, { redirect: 'manual' });
  const login = new URL(shown.headers.get('location') ?? '', authorize);
  const state = login.searchParams.get('state') ?? '';
  const answer = await fetch(new URL('/u/login', authorize), {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ state, username: email, password: 'correct horse' }),
  });
  return answer.headers.get('location') ?? '';
}
