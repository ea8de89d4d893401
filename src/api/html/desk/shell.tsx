import type { ComponentChildren } from 'preact';
import { renderDocument, type DocumentParts, type Shell } from '../document';
import { wordsOf } from '../messages';
import type { DeskRole, Staff } from './model';

const roleTitles: Readonly<Record<DeskRole, string>> = {
  support: 'support',
  ops: 'operations',
  reader: 'may look only',
};

interface DeskDocument extends Pick<DocumentParts, 'title' | 'mark' | 'data' | 'onward'> {
  /** Absent where nobody is signed in. */
  readonly staff?: Staff | undefined;
  readonly children: ComponentChildren;
}

/** A page of the desk, as text. The desk speaks English: so do the words of the API, of its problems and of the audit lines. */
export function renderDesk(shell: Shell, { staff, children, ...parts }: DeskDocument): string {
  return renderDocument(shell, {
    ...parts,
    words: wordsOf('en'),
    width: staff === undefined ? 'narrow' : 'wide',
    styles: ['desk.css'],
    scripts: staff === undefined ? [] : ['desk.js'],
    header: <Header staff={staff} />,
    children,
  });
}

function Header({ staff }: { readonly staff: Staff | undefined }) {
  if (staff === undefined) return <p class="place">Support desk</p>;
  return (
    <>
      <nav class="place" aria-label="Support desk">
        <a href="/desk">Support desk</a>
      </nav>
      <FindForm token={staff.formToken} />
      <form class="who" method="post" action="/desk/sign-out">
        <input type="hidden" name="token" value={staff.formToken} />
        <span>
          <span class="unseen">Signed in as </span>
          {staff.name} <span class="role">{roleTitles[staff.role]}</span>
        </span>
        <button class="plain" type="submit">
          Sign out
        </button>
      </form>
    </>
  );
}

/** Sent as a form: a number or a user id stands in no address, and so in no log and no history. */
function FindForm({ token }: { readonly token: string }) {
  return (
    <form class="find" method="post" action="/desk/find" role="search">
      <input type="hidden" name="token" value={token} />
      <label class="unseen" for="who">
        User id or phone number
      </label>
      <input
        id="who"
        name="who"
        required
        maxLength={255}
        autocomplete="off"
        spellcheck={false}
        autocapitalize="none"
        placeholder="User id, or phone number with +"
      />
      <button type="submit">Find</button>
    </form>
  );
}
