const byId = (id) => document.getElementById(id);

/** A call to the control API. @throws Error that says what was refused */
async function control(method, path, body) {
  const response = await fetch(path, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text === '' ? undefined : JSON.parse(text);
  if (!response.ok) throw new Error(`${method} ${path}: ${answer?.error ?? response.status}`);
  return answer;
}

/** An element with text and children; text never becomes HTML. */
function element(name, { text, onclick, className, ...attributes } = {}, children = []) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  if (onclick !== undefined) {
    made.type = 'button';
    made.addEventListener('click', onclick);
  }
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children);
  return made;
}

const row = (cells, className) =>
  element(
    'tr',
    { className },
    cells.map((cell) =>
      element('td', typeof cell === 'string' ? { text: cell } : {}, typeof cell === 'string' ? [] : [cell]),
    ),
  );

const nothing = (text) => [element('li', { text, className: 'empty' })];

const time = (iso) => iso.slice(11, 19);

/** Draws only what changed, so that a text being selected or a token being read stays where it is. */
const drawn = new Map();
function draw(id, data, make) {
  const key = JSON.stringify(data);
  if (drawn.get(id) === key) return;
  drawn.set(id, key);
  byId(id).replaceChildren(...make(data));
}

const copyButton = (label, text) =>
  element('button', {
    text: 'Copy',
    'aria-label': `Copy ${label}`,
    onclick: () => act(() => copy(text, `${label} is copied.`)),
  });

async function copy(text, told) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    throw new Error('This browser does not let the page copy. Select the text instead.');
  }
  notice(told);
}

const notice = (text) => (byId('notice').textContent = text);

const channels = { sms: 'Text', voice: 'Call', email: 'Email', push: 'Push' };

function drawMessage({ at, channel, to, code, email }) {
  return element('li', {}, [
    element('div', {}, [
      element('div', { text: `${channels[channel]} to ${to}` }),
      element('div', { text: `${time(at)} · ${email}`, className: 'quiet' }),
    ]),
    ...(code === undefined
      ? []
      : [
          element('div', { className: 'app' }, [
            element('span', { text: code, className: 'digits' }),
            copyButton('the code', code),
          ]),
        ]),
  ]);
}

/** More than these would not be read anyway; the filter finds the others. */
const mostUsers = 20;
const mostMessages = 20;

const pathOf = (user) => `/users/${encodeURIComponent(user.userId)}`;

async function userCard(user) {
  const authenticators = await control('GET', `${pathOf(user)}/authenticators`);
  if (!authenticators.some(({ kind }) => kind === 'otp')) return { user, authenticators };
  const { secondsLeft, ...otp } = await control('GET', `${pathOf(user)}/otp`);
  ends.set(user.userId, performance.now() + secondsLeft * 1000);
  return { user, authenticators, otp };
}

/** When the code of a user's app goes, by user: it ticks without a new drawing. */
const ends = new Map();
/** Tokens that were asked for, by user: a new drawing keeps them. */
const tokens = new Map();
const cards = new Map();

/** The same element as long as nothing changed but the time. */
function cardOf(card) {
  const key = JSON.stringify([card, tokens.get(card.user.userId), about]);
  const known = cards.get(card.user.userId);
  if (known?.key === key) return known.made;
  const made = drawUser(card);
  cards.set(card.user.userId, { key, made });
  return made;
}

function drawUser({ user, authenticators, otp }) {
  const { userId, email, password, textsLeft, attemptsLeft } = user;
  const giveToken = async () => {
    const { accessToken } = await control('POST', '/tokens', { userId });
    tokens.set(userId, accessToken);
    await copy(accessToken, `An MFA access token of ${email} is copied; it lives 10 minutes.`);
  };
  const push = (answer) => () => act(() => control('POST', `${pathOf(user)}/push`, { answer }));
  const token = tokens.get(userId);
  const hasPush = authenticators.some(({ channel }) => channel === 'auth0');
  return element('article', { 'aria-label': email }, [
    element('h3', { text: email }),
    element('p', { className: 'app' }, [element('code', { text: userId }), copyButton('the user id', userId)]),
    element('p', {
      text: `Password ${password} · ${textsLeft} texts and ${attemptsLeft} attempts left`,
      className: 'quiet',
    }),
    ...(otp === undefined ? [] : [drawCode(userId, otp)]),
    ...(authenticators.length === 0 ? [] : [element('ul', {}, authenticators.map(drawAuthenticator))]),
    element('p', { className: 'buttons' }, [
      element('button', { text: 'Copy MFA token', onclick: () => act(giveToken) }),
      element('a', { text: 'Open sign-in', href: signInUrl(email), target: '_blank', rel: 'noreferrer' }),
      ...(hasPush
        ? [
            element('button', { text: 'Approve push', onclick: push('approve') }),
            element('button', { text: 'Reject push', onclick: push('reject') }),
          ]
        : []),
    ]),
    ...(token === undefined ? [] : [element('code', { text: token })]),
  ]);
}

const drawCode = (userId, { code, used }) =>
  element('div', { className: used ? 'app used' : 'app' }, [
    element('span', { text: 'App shows' }),
    element('span', { text: code, className: 'digits' }),
    copyButton('the code of the app', code),
    element('progress', { max: '30', 'data-user': userId, 'aria-label': 'Seconds until the next code' }),
    element('span', { className: 'quiet', 'data-seconds': userId }),
    ...(used ? [element('span', { text: 'used: the tenant takes the next one' })] : []),
  ]);

const drawAuthenticator = ({ id, kind, active, channel, destination, secret, code }) =>
  element('li', {
    text: [active ? 'active' : 'unconfirmed', channel ?? kind, destination, secret, code, id]
      .filter((part) => part !== undefined)
      .join(' · '),
  });

let about = { origin: '', links: {} };

/** What an application would send the user to, with this page as the application. */
function signInUrl(email) {
  const { origin, clientId, audience, scope } = about;
  const query = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: `${location.origin}/`,
    audience,
    scope: `openid ${scope}`,
    prompt: 'login',
    login_hint: email,
    state: 'control-page',
  };
  return `${origin}/authorize?${new URLSearchParams(query)}`;
}

/** The tenant sends the browser back here after "Open sign-in". */
function tellSignIn() {
  const answer = new URLSearchParams(location.search);
  if (answer.get('state') !== 'control-page') return;
  history.replaceState(null, '', location.pathname);
  if (answer.has('error'))
    byId('problem').textContent = `${answer.get('error')}: ${answer.get('error_description') ?? ''}`;
  else notice(`Signed in. An application would exchange this code for a token: ${answer.get('code')}`);
}

function tick() {
  for (const progress of document.querySelectorAll('progress[data-user]')) {
    const seconds = Math.max(0, Math.ceil((ends.get(progress.dataset.user) - performance.now()) / 1000));
    progress.value = seconds;
    progress.parentElement.querySelector('[data-seconds]').textContent = `${seconds} s`;
    if (seconds === 0) void refreshQuietly();
  }
}

function switchInput(name, value) {
  const input = document.createElement('input');
  input.setAttribute('aria-label', name);
  if (typeof value === 'boolean') {
    input.type = 'checkbox';
    input.checked = value;
  } else {
    input.value = typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
  input.addEventListener('change', () => act(() => control('PUT', '/switches', { [name]: valueOf(input, value) })));
  return input;
}

function valueOf(input, before) {
  if (typeof before === 'boolean') return input.checked;
  if (typeof before === 'number') return Number(input.value);
  if (typeof before !== 'object') return input.value;
  try {
    return JSON.parse(input.value);
  } catch {
    return input.value;
  }
}

function drawSwitches(switches, known) {
  const wanted = byId('switch-filter').value.trim().toLowerCase();
  const changedOnly = byId('switches-changed').checked;
  const all = Object.entries(switches).map(([name, value]) => ({
    ...{ name, value, ...known[name] },
    changed: JSON.stringify(value) !== JSON.stringify(known[name].default),
  }));
  const changed = all.filter((one) => one.changed).length;
  byId('switches-count').textContent = `${all.length}, ${changed === 0 ? 'all as at the start' : `${changed} changed`}`;
  const shown = all.filter(
    (one) => (one.changed || !changedOnly) && `${one.name} ${one.about} ${one.kind}`.toLowerCase().includes(wanted),
  );
  draw('switches', shown, () =>
    shown.map(({ name, value, about: what, kind, changed: isChanged }) =>
      row([name, switchInput(name, value), `${what} (${kind})`], isChanged ? 'changed' : ''),
    ),
  );
}

const isOpen = (part) => byId(part).open;

async function refresh() {
  const [clock, inbox, users, faults, switches, known, place] = await Promise.all(
    ['/clock', '/inbox', '/users', '/faults', '/switches', '/switches/about', '/about'].map((path) =>
      control('GET', path),
    ),
  );
  about = place;
  byId('now').textContent = clock.now.slice(0, 19).replace('T', ' ');
  byId('ahead').textContent = clock.aheadSeconds > 0 ? `(${Math.round(clock.aheadSeconds)} s ahead)` : '';
  draw('links', place, ({ origin, links }) =>
    Object.entries({ ...links, Tenant: `${origin}/.well-known/openid-configuration` }).map(([text, href]) =>
      element('li', {}, [element('a', { text, href })]),
    ),
  );
  const emails = new Map(users.map(({ userId, email }) => [userId, email]));
  const messages = inbox.slice(-mostMessages).map((one) => ({ ...one, email: emails.get(one.userId) ?? one.userId }));
  draw('inbox', messages, () =>
    messages.length === 0 ? nothing('Nothing was sent yet.') : messages.toReversed().map(drawMessage),
  );
  await drawUsers(users);
  byId('faults-count').textContent = faults.length === 0 ? 'none' : `${faults.length}`;
  draw('faults', faults, (all) => all.map(({ route, type, hits, left }) => row([route, type, `${hits}`, `${left}`])));
  drawSwitches(switches, known);
  if (isOpen('requests-part')) drawRequests(await control('GET', '/requests'));
}

async function drawUsers(users) {
  const wanted = byId('user-filter').value.trim().toLowerCase();
  const found = users.filter(({ email, userId }) => `${email} ${userId}`.toLowerCase().includes(wanted));
  const shown = found.slice(-mostUsers).toReversed();
  byId('find-user').hidden = users.length < 4;
  byId('users-left').textContent =
    found.length > shown.length ? `${found.length - shown.length} older ones are not shown.` : '';
  const made = (await Promise.all(shown.map(userCard))).map(cardOf);
  const present = [...byId('users').children];
  if (made.length !== present.length || made.some((one, index) => one !== present[index])) {
    byId('users').replaceChildren(...made);
  }
  tick();
}

function drawRequests(requests) {
  draw('requests', requests.slice(-30), (last) =>
    last
      .toReversed()
      .map((one) =>
        row([time(one.at), `${one.method} ${one.path}`, `${one.status ?? 'none'}`, (one.faults ?? []).join(' ')]),
      ),
  );
}

/** Does something and shows what came of it; a refusal stays on the page until the next thing done. */
async function act(what) {
  byId('problem').textContent = '';
  notice('');
  try {
    await what();
  } catch (error) {
    byId('problem').textContent = error.message;
    // Inputs go back to what is true.
    drawn.clear();
  }
  await refreshQuietly();
}

function onSubmit(id, send) {
  byId(id).addEventListener('submit', (event) => {
    event.preventDefault();
    act(() => send(Object.fromEntries(new FormData(event.target))));
  });
}

onSubmit('new-user', (fields) => control('POST', '/users', fields));
onSubmit('new-fault', ({ route, type, count, ms }) =>
  control('POST', '/faults', {
    route,
    type,
    count: Number(count),
    ...((type === 'delay' || type === 'slowBody') && { ms: Number(ms) }),
  }),
);
onSubmit('switch-search', () => undefined);
byId('clear-faults').addEventListener('click', () => act(() => control('DELETE', '/faults')));
byId('reset').addEventListener('click', () =>
  act(async () => {
    await control('POST', '/reset');
    tokens.clear();
    cards.clear();
    notice('Everything is as it was at the start.');
  }),
);
for (const button of document.querySelectorAll('[data-advance]')) {
  button.addEventListener('click', () =>
    act(() => control('POST', '/clock', { advanceSeconds: Number(button.dataset.advance) })),
  );
}
for (const id of ['switch-filter', 'switches-changed', 'user-filter']) {
  byId(id).addEventListener('input', () => refreshQuietly());
}
byId('requests-part').addEventListener('toggle', () => refreshQuietly());

const refreshQuietly = () => refresh().catch(() => undefined);
tellSignIn();
refreshQuietly();
setInterval(refreshQuietly, 2000);
setInterval(tick, 1000);
