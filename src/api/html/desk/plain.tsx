import type { Shell } from '../document';
import type { Staff } from './model';
import { renderDesk } from './shell';

/** The pages of the desk that show no enrollment. `address`: the page that was asked for. */
export type PlainDeskPage =
  /** The browser is sent on: a cookie of `SameSite=Strict` does not come along on the way from another site. */
  | { readonly type: 'onward'; readonly address: string }
  | { readonly type: 'sign_in'; readonly address: string; readonly again: boolean }
  | { readonly type: 'signed_out' }
  /** The issuer gave no tokens, or none that the API takes. */
  | { readonly type: 'not_signed_in'; readonly why: 'refused' | 'no_access_token' | 'too_long' }
  | { readonly type: 'no_role'; readonly staff: Staff }
  | {
      readonly type: 'problem';
      readonly title: string;
      readonly detail?: string | undefined;
      readonly staff?: Staff | undefined;
    };

const whys = {
  refused: 'The sign-in was given up, took too long, or began in another browser.',
  no_access_token:
    'The sign-in gave no access token that this API takes. An operator compares API_JWT_ISSUER and API_JWT_AUDIENCE with the API at the issuer.',
  too_long: 'The access token is too long for a cookie. An operator takes claims out of it that nobody here reads.',
} as const;

export function renderPlainDesk(shell: Shell, page: PlainDeskPage): string {
  switch (page.type) {
    case 'onward':
      return renderDesk(shell, {
        title: 'One moment',
        onward: page.address,
        children: (
          <>
            <h1>One moment</h1>
            <p>
              <a href={page.address}>Go on to the desk</a>
            </p>
          </>
        ),
      });
    case 'sign_in':
      return renderDesk(shell, {
        title: 'Sign in',
        data: { 'data-key': 'sign-in' },
        children: (
          <>
            <h1 tabindex={-1}>{page.again ? 'Your session has ended' : 'Support desk'}</h1>
            <p>
              {page.again
                ? 'Sign in again to go on where you were.'
                : 'For support and operations: see where an enrollment stands, and help its user along.'}
            </p>
            <SignIn address={page.address} />
          </>
        ),
      });
    case 'signed_out':
      return renderDesk(shell, {
        title: 'Signed out',
        children: (
          <>
            <h1>You are signed out</h1>
            <p>The next sign-in asks for your password again.</p>
            <SignIn address="/desk" anew />
          </>
        ),
      });
    case 'not_signed_in':
      return renderDesk(shell, {
        title: 'Not signed in',
        children: (
          <>
            <h1>You are not signed in</h1>
            <p>{whys[page.why]}</p>
            <SignIn address="/desk" anew />
          </>
        ),
      });
    case 'no_role':
      return renderDesk(shell, {
        title: 'No access',
        children: (
          <>
            <h1>Your account may not use the desk</h1>
            <p>
              You are signed in as <strong>{page.staff.name}</strong>. Ask whoever runs the tenant for the role that you
              need, then sign in again.
            </p>
            <form method="post" action="/desk/sign-out">
              <input type="hidden" name="token" value={page.staff.formToken} />
              <button type="submit">Sign out</button>
            </form>
          </>
        ),
      });
    case 'problem':
      return renderDesk(shell, {
        title: page.title,
        staff: page.staff,
        children: (
          <section class="card wide">
            <h1>{page.title}</h1>
            {page.detail !== undefined && <p>{page.detail}</p>}
            <p>
              <a href="/desk">To the enrollments</a>
            </p>
          </section>
        ),
      });
  }
}

/** `anew`: the issuer asks for the password, whoever is signed in there. */
function SignIn({ address, anew = false }: { readonly address: string; readonly anew?: boolean }) {
  const query = new URLSearchParams({ to: address, ...(anew ? { anew: '1' } : {}) }).toString();
  return (
    <p>
      <a class="button" href={`/desk/sign-in?${query}`}>
        Sign in
      </a>
    </p>
  );
}
