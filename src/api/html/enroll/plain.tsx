import { renderDocument, type Shell } from '../document';
import type { Words } from '../messages';
import { PageForm } from './parts';

/** Pages of the enrollment page that are about no step, and their statuses. */
const plainPages = {
  no_session: 403,
  left: 200,
  busy: 429,
  down: 503,
  broken: 500,
} as const;
export type PlainPage = keyof typeof plainPages;

const mayTryAgain: readonly PlainPage[] = ['busy', 'down', 'broken'];

export function renderPlainPage(
  shell: Shell,
  words: Words,
  page: PlainPage,
): { readonly status: number; readonly html: string } {
  const { text } = words;
  const title = text(`${page}.title`);
  return {
    status: plainPages[page],
    html: renderDocument(shell, {
      ...{ words, title },
      ...(page === 'left' ? {} : { path: '/enroll' }),
      children: (
        <>
          <h1 tabIndex={-1}>{title}</h1>
          <p>{text(`${page}.text`)}</p>
          {mayTryAgain.includes(page) && (
            <a class="button" href="/enroll">
              {text('again')}
            </a>
          )}
        </>
      ),
    }),
  };
}

/** Asks before the user stops the enrollment. */
export function renderStopPage(shell: Shell, words: Words, formToken: string): string {
  const { text } = words;
  const title = text('stop.title');
  return renderDocument(shell, {
    ...{ words, title, path: '/enroll/stop' },
    children: (
      <>
        <h1 tabIndex={-1}>{title}</h1>
        <p>{text('stop.lead')}</p>
        <PageForm action="/enroll/stop" token={formToken} button={text('stop.button')} look="danger" />
        <a class="button second next" href="/enroll">
          {text('stop.back')}
        </a>
      </>
    ),
  });
}
