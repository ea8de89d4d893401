import { createHash } from 'node:crypto';
import type { FactorStatus } from '../enrollment/status';
import { factors, type FactorName } from '../factors';
import type { EnrollmentView } from './runs';

/** What the pages say of an enrollment. */
type Plan = Pick<EnrollmentView, 'factors' | 'phoneNumber'>;

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
      readonly notice?: Notice;
    }
  /** The token has been brought. */
  | { readonly type: 'done'; readonly plan: Plan }
  /** The user has said that it is not them. `stopped`: the outcome is there already. */
  | { readonly type: 'declined'; readonly plan: Plan; readonly stopped: boolean; readonly askedBy?: string }
  /** The enrollment has an outcome. */
  | { readonly type: 'ended'; readonly plan: Plan; readonly state: EnrollmentView['state'] }
  | { readonly type: keyof typeof plainPages };

export const notices = {
  number_changed: 'The phone number was changed after you opened this page. Look at it again before you go on.',
  form_not_ours:
    'Nothing has been done yet: your browser sent a form that does not belong to this page, or one that is out of date. If you meant to go on, choose again below.',
} as const;
export type Notice = keyof typeof notices;

/** Pages that say one thing each, the same for every enrollment. */
const plainPages = {
  link_over: {
    status: 410,
    title: 'This link no longer works',
    text: 'Links work once and for ten minutes. Ask for a new one where you got this one.',
  },
  other_browser: {
    status: 400,
    title: 'This sign-in was not started here',
    text: 'Open the link again, and sign in in the same browser window. Cookies must be allowed.',
  },
  not_signed_in: { status: 400, title: 'You are not signed in', text: 'Open the link again to try once more.' },
  not_fresh: {
    status: 403,
    title: 'Please sign in again',
    text: 'Nothing has been set up: you have to enter your password for this, and an earlier sign-in does not count. Open the link again and sign in.',
  },
  other_user: {
    status: 403,
    title: 'This link is for somebody else',
    text: 'Nothing has been set up. Sign out, open the link again, and sign in as the person it was made for.',
  },
  unavailable: { status: 503, title: 'This does not work right now', text: 'Wait a moment, then open the link again.' },
} as const;

/** The HTML of a page, and the status that goes with it. No page has a script. */
export function renderPage(page: SignInPage): { readonly status: number; readonly html: string } {
  switch (page.type) {
    case 'consent':
      return { status: page.notice === undefined ? 200 : 409, html: consent(page) };
    case 'done':
      return { status: 200, html: done(page.plan) };
    case 'declined':
      return { status: 200, html: declined(page) };
    case 'ended':
      return { status: 410, html: ended(page.plan, page.state) };
    case 'link_over':
    case 'other_browser':
    case 'not_signed_in':
    case 'not_fresh':
    case 'other_user':
    case 'unavailable': {
      const { status, title, text } = plainPages[page.type];
      return { status, html: layout(title, paragraph(text)) };
    }
  }
}

function consent(page: Extract<SignInPage, { type: 'consent' }>): string {
  const { plan, askedBy, expiresAt, path, formToken, notice } = page;
  const token = `<input type="hidden" name="token" value="${escapeHtml(formToken)}">`;
  const minutes = Math.max(1, Math.ceil((expiresAt - Date.now()) / 60_000));
  const until = new Date(expiresAt).toISOString();
  return layout(
    'Check this before you sign in',
    `${notice === undefined ? '' : `<p role="alert">${escapeHtml(notices[notice])}</p>`}
<p>Somebody asks to set up the following for your account. From then on it is used to check that it is you who signs in.</p>
<h2 id="what">What will be set up</h2>
<ol aria-labelledby="what">${plan.factors.map((one) => `<li>${planned(one, plan.phoneNumber)}</li>`).join('')}</ol>
<h2>Who asks</h2>
<p>${askedBy === undefined ? 'It is not recorded who asks for this.' : `<strong>${escapeHtml(askedBy)}</strong>`}</p>
<h2>Is this yours?</h2>
<p>Go on only if you expected this${numberIsNeeded(plan) && plan.phoneNumber !== undefined ? ' and the phone number is your own' : ''}. You will be asked to sign in, also if you are signed in already. This page works until <time datetime="${until}">${until.slice(11, 16)} UTC</time>, which is ${minutes === 1 ? '1 minute' : `${minutes} minutes`} from now.</p>
<form method="post" action="${escapeHtml(path)}">${token}<button type="submit">Continue to sign in</button></form>
<form method="post" action="${escapeHtml(path)}/not-me">${token}<button type="submit" class="second" aria-describedby="not-me">This is not me</button></form>
<p id="not-me">“This is not me” stops the set-up at once.</p>`,
    notice === undefined ? undefined : 'Error',
  );
}

function done(plan: Plan): string {
  const next = plan.factors.find(({ active }) => !active);
  return layout(
    'You are signed in',
    `<p id="what">You agreed to set up:</p>
<ol aria-labelledby="what">${plan.factors.map((one) => `<li>${planned(one, plan.phoneNumber)}</li>`).join('')}</ol>
<h2>What happens now</h2>
${next === undefined ? '' : `<p>${nextStep(next.factor, plan.phoneNumber)}</p>`}
${paragraph('You can close this page.')}
${paragraph('If you did not expect this, enter no code and give none to anybody. Tell those who look after your account.')}`,
  );
}

/** As HTML. */
function nextStep(factor: FactorName, phoneNumber: string | undefined): string {
  const { delivery, needs } = factors[factor];
  if (delivery.type === 'setupKey') {
    return 'Go back to where you got the link. It shows you how to connect your authenticator app.';
  }
  if (needs === 'phoneNumber' && phoneNumber === undefined) {
    return 'A phone number is needed next. Go back to where you got the link.';
  }
  const to = needs === 'phoneNumber' ? ` to ${numberEnding(phoneNumber)}` : '';
  return `You get ${delivery.message} with a code${to}. Enter the code where you got the link, not on this page.`;
}

function declined({ plan, stopped, askedBy }: Extract<SignInPage, { type: 'declined' }>): string {
  const who = askedBy === undefined ? '' : ` It was asked for by ${askedBy}.`;
  return layout(
    stopped ? 'The set-up was stopped' : 'The set-up is being stopped',
    `${paragraph(stopped ? 'Nothing more will be set up, and this link no longer works.' : 'You need do nothing more. It can take a moment.')}
${activeList(plan)}
${paragraph(`Tell those who look after your account that somebody asked for this, and that it was not you.${who}`)}`,
  );
}

function ended(plan: Plan, state: EnrollmentView['state']): string {
  const newLink = paragraph('If you still need to set something up, ask for a new link where you got this one.');
  switch (state) {
    case 'completed':
      return layout('Everything is set up', `${activeList(plan)}\n${ifUnexpected}`);
    case 'partial':
      return layout('A part of it is set up', `${activeList(plan)}\n${missingList(plan)}\n${newLink}\n${ifUnexpected}`);
    case 'cancelled':
      return layout('This set-up was cancelled', `${activeList(plan)}\n${newLink}`);
    case 'expired':
      return layout('The time for this set-up has run out', `${activeList(plan)}\n${newLink}`);
    default:
      return layout(
        'This set-up did not work',
        `${activeList(plan)}\n${paragraph('The cause is not on your side of it. Tell the people that you got this link from.')}`,
      );
  }
}

const ifUnexpected = `<p>If you did not set this up, tell those who look after your account at once.</p>`;

/** What the account has now, out of this plan, as far as the enrollment knows. */
function activeList(plan: Plan): string {
  const active = plan.factors.filter((one) => one.active);
  const unclear = plan.factors.filter(({ state }) => state === 'accepted');
  const listed = [
    list('Active for your account:', active, ({ factor }) => binding(factor, plan.phoneNumber)),
    list('Perhaps active, which could not be checked:', unclear, ({ factor }) => binding(factor, plan.phoneNumber)),
  ].join('');
  return listed === '' ? paragraph('Nothing of it is active for your account.') : listed;
}

const missingList = (plan: Plan): string =>
  list(
    'Not set up:',
    plan.factors.filter(({ active, state }) => !active && state !== 'accepted'),
    ({ factor }) => escapeHtml(capital(factors[factor].title)),
  );

/** Nothing for an empty list. */
function list(title: string, entries: readonly FactorStatus[], item: (entry: FactorStatus) => string): string {
  if (entries.length === 0) return '';
  const id = title.toLowerCase().replace(/[^a-z]+/g, '-');
  const items = entries.map((entry) => `<li>${item(entry)}</li>`).join('');
  return `<p id="${id}">${escapeHtml(title)}</p><ul aria-labelledby="${id}">${items}</ul>`;
}

const planned = ({ factor, active }: FactorStatus, phoneNumber: string | undefined): string =>
  `${binding(factor, phoneNumber)}${active ? ' (set up already)' : ''}`;

/** A factor and where its codes come to, as HTML. */
function binding(factor: FactorName, phoneNumber: string | undefined): string {
  const { title, delivery, needs } = factors[factor];
  const name = `<strong>${escapeHtml(capital(title))}</strong>`;
  if (needs === 'phoneNumber') {
    return phoneNumber === undefined
      ? `${name}: the phone number is not known yet, and will be entered later`
      : `${name}: codes to ${numberEnding(phoneNumber)}`;
  }
  return delivery.type === 'setupKey'
    ? `${name}: codes from an app on your own device`
    : `${name}: codes to your own address`;
}

const numberIsNeeded = (plan: Plan): boolean => plan.factors.some(({ factor }) => factors[factor].needs !== undefined);

/** Words for a masked number, as HTML: a row of dots is read out as nothing, or as dots. */
const numberEnding = (masked = ''): string =>
  `the phone number that ends in&nbsp;<strong>${escapeHtml(masked.replaceAll('•', ''))}</strong>`;

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const paragraph = (text: string): string => `<p>${escapeHtml(text)}</p>`;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in an element or in a quoted attribute. */
const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (found) => entities[found] ?? found);

const style = `
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem; background: #eef0f4; color: #1b1f29; font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
main { max-width: 34rem; margin: 0 auto; padding: 1.5rem; background: #fff; border: 1px solid #c9cedb; border-radius: 0.5rem; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 1.5rem 0 0.25rem; font-size: 1rem; }
p, ol, ul { margin: 0.25rem 0 0.75rem; }
ol, ul { padding-left: 1.5rem; }
form { margin: 0.75rem 0; }
button { width: 100%; min-height: 2.75rem; padding: 0.5rem 0.75rem; border: 2px solid #2b3a8c; border-radius: 0.375rem; background: #2b3a8c; color: #fff; font: inherit; font-weight: 600; cursor: pointer; }
button:hover { background: #1f2b6b; }
button.second { background: #fff; color: #2b3a8c; }
button.second:hover { background: #eef0f4; }
:focus-visible { outline: 3px solid #b35900; outline-offset: 2px; }
[role=alert] { padding: 0.75rem; border-left: 4px solid #b3261e; background: #fdeceb; color: #8c1d18; }
`;

/**
 * The policy of these pages: the one style sheet above, and nothing else. `form-action` cannot name the tenant alone, because
 * browsers hold every redirect that follows a form against it and a tenant may send the user on to another identity provider.
 * `auth0Origin`: an http origin in development, which `https:` does not cover.
 */
export function pagePolicy(auth0Origin: string): string {
  const styleHash = createHash('sha256').update(style).digest('base64');
  return [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    `form-action 'self' https: ${auth0Origin}`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

const layout = (title: string, main: string, mark?: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${mark === undefined ? '' : `${mark}: `}${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${main}
</main>
</body>
</html>
`;
