import type { KeyObject } from 'node:crypto';
import cookie from '@fastify/cookie';
import { renderDocument, type Shell } from '../html/document';
import { languageOf, takeLanguageChoice } from '../html/language';
import { wordsOf } from '../html/messages';
import { pagePolicy } from '../html/policy';
import { createPageSessions } from '../page-session';
import type { App } from './shared';

export interface StartParts {
  readonly publicUrl: string;
  readonly shell: Shell;
  readonly signIn: { readonly idKey: KeyObject; readonly previousIdKeys?: readonly KeyObject[] };
  /** In development: what whoever tries things out may look for, addresses by name. */
  readonly startLinks?: Readonly<Record<string, string>>;
}

/** `/`: leads a user who is signed in to the enrollment page, and tells everybody else how to begin. */
export async function startRoutes(app: App, { publicUrl, shell, signIn, startLinks }: StartParts): Promise<void> {
  const secure = publicUrl.startsWith('https:');
  const sessions = createPageSessions(signIn.idKey, secure, signIn.previousIdKeys);
  await app.register(cookie);
  takeLanguageChoice(app, secure);

  app.get('/', { schema: { hide: true } }, async (request, reply) => {
    const session = await sessions.open(request.cookies[sessions.name]);
    if (session !== undefined && startLinks === undefined) return reply.redirect('/enroll', 303);
    const words = wordsOf(languageOf(request));
    const title = startLinks === undefined ? words.text('start.title') : 'A local stack, to try things out';
    const children = (
      <>
        <h1>{title}</h1>
        {startLinks === undefined ? <p>{words.text('start.text')}</p> : <ForDevelopers links={startLinks} />}
        {session !== undefined && (
          <a class="button" href="/enroll">
            {words.text('start.resume')}
          </a>
        )}
      </>
    );
    return reply
      .type('text/html; charset=utf-8')
      .header('Cache-Control', 'no-store')
      .header('Content-Security-Policy', pagePolicy())
      .send(renderDocument(shell, { words, title, path: '/', children }));
  });
}

function ForDevelopers({ links }: { readonly links: Readonly<Record<string, string>> }) {
  return (
    <>
      <p>
        The enrollment page opens by a link that belongs to one user. Each of these, in the folder of this project,
        makes a new user at the emulated tenant and a link for them:
      </p>
      <dl>
        <dt>
          <code>npm run link</code>
        </dt>
        <dd>prints the link, and what to sign in with</dd>
        <dt>
          <code>npm run demo -- --page</code>
        </dt>
        <dd>goes through the page in a browser by itself, on a stack of its own</dd>
      </dl>
      <h2>What else is here</h2>
      <ul>
        {Object.entries(links).map(([name, address]) => (
          <li key={address}>
            <a href={address}>{name}</a>
          </li>
        ))}
      </ul>
      <p class="muted">The addresses and the API keys of this stack are in .run/stack.json.</p>
    </>
  );
}
