import type { ComponentChildren } from 'preact';
import type { EnrollmentStatus } from '../../enrollment/status';
import { renderDocument, type Shell } from './document';
import { useWords, type MessageKey, type Words } from './messages';
import { ActiveList, MissingList, numberIsNeeded, PlanList, type Plan } from './plan';

/** Everything that the user of a sign-in link may be shown. */
export type SignInPage =
  | {
      readonly type: 'consent';
      readonly plan: Plan;
      /** Who started the enrollment; absent when that is not known. */
      readonly askedBy?: string;
      /** Epoch ms: how long the link works. */
      readonly expiresAt: number;
      /** The path that the form goes to. */
      readonly path: string;
      readonly formToken: string;
      /** Why the page is shown again. */
      readonly notice?: ConsentNotice;
    }
  /** The user has said that it is not them. `stopped`: the outcome is there already. */
  | { readonly type: 'declined'; readonly plan: Plan; readonly stopped: boolean; readonly askedBy?: string }
  /** The enrollment has an outcome. */
  | { readonly type: 'ended'; readonly plan: Plan; readonly state: EnrollmentStatus['state'] }
  | { readonly type: keyof typeof plainPages };

export const consentNotices = ['number_changed', 'form_not_ours'] as const;
export type ConsentNotice = (typeof consentNotices)[number];

/** Pages that say one thing each, the same for every enrollment, and their statuses. */
const plainPages = {
  link_over: 410,
  other_browser: 400,
  not_signed_in: 400,
  not_fresh: 403,
  other_user: 403,
  unavailable: 503,
} as const;

/** The HTML of a page, and the status that goes with it. These pages have no script. */
export function renderSignInPage(
  shell: Shell,
  words: Words,
  page: SignInPage,
): { readonly status: number; readonly html: string } {
  const render = (title: MessageKey, children: ComponentChildren, more: { mark?: string; path?: string } = {}) =>
    renderDocument(shell, {
      ...{ words, title: words.text(title), ...more },
      styles: ['enroll.css'],
      children: (
        <>
          <h1>{words.text(title)}</h1>
          {children}
        </>
      ),
    });
  switch (page.type) {
    case 'consent': {
      const isAgain = page.notice !== undefined;
      const mark = isAgain ? { mark: words.text('layout.error') } : {};
      const html = render('consent.title', <Consent {...page} />, { path: page.path, ...mark });
      return { status: isAgain ? 409 : 200, html };
    }
    case 'declined':
      return {
        status: 200,
        html: render(page.stopped ? 'declined.title' : 'declined.title_soon', <Declined {...page} />),
      };
    case 'ended':
      return { status: 410, html: render(endedTitle(page.state), <Ended plan={page.plan} state={page.state} />) };
    default:
      return {
        status: plainPages[page.type],
        html: render(`${page.type}.title`, <p>{words.text(`${page.type}.text`)}</p>),
      };
  }
}

function Consent({ plan, askedBy, expiresAt, path, formToken, notice }: Extract<SignInPage, { type: 'consent' }>) {
  const { text, rich } = useWords();
  const isOwnNumberAsked = numberIsNeeded(plan) && plan.phoneNumber !== undefined;
  const until = new Date(expiresAt).toISOString();
  const minutes = Math.max(1, Math.ceil((expiresAt - Date.now()) / 60_000));
  const time = { t: (children: ComponentChildren) => <time dateTime={until}>{children}</time> };
  return (
    <>
      {notice !== undefined && (
        <p role="alert" class="box">
          {text(`consent.${notice}`)}
        </p>
      )}
      <p>{text('consent.lead')}</p>
      <h2 id="what">{text('consent.what')}</h2>
      <PlanList plan={plan} labelledBy="what" />
      <h2>{text('consent.who')}</h2>
      <p>{askedBy === undefined ? text('consent.nobody') : <strong>{askedBy}</strong>}</p>
      <h2>{text('consent.yours')}</h2>
      <p>{text(isOwnNumberAsked ? 'consent.expected_number' : 'consent.expected')}</p>
      <form method="post" action={path}>
        <input type="hidden" name="token" value={formToken} />
        <button type="submit">{text('consent.continue')}</button>
      </form>
      <form method="post" action={`${path}/not-me`} class="next">
        <input type="hidden" name="token" value={formToken} />
        <button type="submit" class="second" aria-describedby="not-me">
          {text('consent.not_me')}
        </button>
      </form>
      <p id="not-me" class="muted below">
        {text('consent.not_me_hint')} {rich('consent.until', { ...time, time: until.slice(11, 16), minutes })}
      </p>
    </>
  );
}

function Declined({ plan, stopped, askedBy }: Extract<SignInPage, { type: 'declined' }>) {
  const { text } = useWords();
  return (
    <>
      <p>{text(stopped ? 'declined.text' : 'declined.text_soon')}</p>
      <ActiveList plan={plan} />
      <p>
        {text('declined.tell')}
        {askedBy !== undefined && ` ${text('declined.asked_by', { name: askedBy })}`}
      </p>
    </>
  );
}

export function endedTitle(state: EnrollmentStatus['state']) {
  switch (state) {
    case 'completed':
    case 'partial':
    case 'cancelled':
    case 'expired':
      return `over.${state}_title` as const;
    default:
      return 'over.failed_title';
  }
}

/** What became of an enrollment, and what helps its user now. */
export function Ended({ plan, state }: { readonly plan: Plan; readonly state: EnrollmentStatus['state'] }) {
  const { text } = useWords();
  switch (state) {
    case 'completed':
      return (
        <>
          <ActiveList plan={plan} />
          <p>{text('over.completed')}</p>
          <p class="muted">{text('plan.unexpected')}</p>
        </>
      );
    case 'partial':
      return (
        <>
          <ActiveList plan={plan} />
          <MissingList plan={plan} />
          <p>{text('plan.new_link')}</p>
          <p class="muted">{text('plan.unexpected')}</p>
        </>
      );
    case 'cancelled':
    case 'expired':
      return (
        <>
          <ActiveList plan={plan} />
          <p>{text('plan.new_link')}</p>
        </>
      );
    default:
      return (
        <>
          <ActiveList plan={plan} />
          <p>{text('over.failed')}</p>
        </>
      );
  }
}
