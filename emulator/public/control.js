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
function element(name, { text, onclick, className } = {}, children = []) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className !== undefined) made.className = className;
  if (onclick !== undefined) {
    made.type = 'button';
    made.addEventListener('click', onclick);
  }
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

const time = (iso) => iso.slice(11, 19);

/** Draws only what changed, so that a text being selected or a token being read stays where it is. */
const drawn = new Map();
function draw(id, data, make) {
  const key = JSON.stringify(data);
  if (drawn.get(id) === key) return;
  drawn.set(id, key);
  byId(id).replaceChildren(...make(data));
}

async function userCard(user) {
  const path = `/users/${encodeURIComponent(user.userId)}`;
  const authenticators = await control('GET', `${path}/authenticators`);
  return { user, authenticators, path };
}

function drawUser({ user, authenticators, path }) {
  const token = element('code');
  const giveToken = async () => {
    token.textContent = (await control('POST', '/tokens', { userId: user.userId })).accessToken;
  };
  const push = (answer) => () => act(() => control('POST', `${path}/push`, { answer }));
  return element('article', {}, [
    element('p', {
      text: `${user.email} (${user.userId}) · ${user.textsLeft} texts and ${user.attemptsLeft} attempts left`,
    }),
    element(
      'ul',
      {},
      authenticators.map((one) =>
        element('li', {
          text: [one.id, one.active ? 'active' : 'unconfirmed', one.destination, one.secret, one.code]
            .filter((part) => part !== undefined)
            .join(' · '),
        }),
      ),
    ),
    element('p', {}, [
      element('button', { text: 'MFA access token', onclick: () => act(giveToken) }),
      element('button', { text: 'Approve push', onclick: push('approve') }),
      element('button', { text: 'Reject push', onclick: push('reject') }),
    ]),
    token,
  ]);
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

async function refresh() {
  const [clock, inbox, users, faults, requests, switches, about] = await Promise.all(
    ['/clock', '/inbox', '/users', '/faults', '/requests', '/switches', '/switches/about'].map((path) =>
      control('GET', path),
    ),
  );
  byId('now').textContent = clock.now;
  byId('ahead').textContent = clock.aheadSeconds > 0 ? `(${clock.aheadSeconds} s ahead)` : '';
  draw('inbox', inbox, (messages) =>
    messages.toReversed().map(({ at, channel, to, code, userId }) => row([time(at), channel, to, code ?? '', userId])),
  );
  draw('users', await Promise.all(users.map(userCard)), (cards) => cards.map(drawUser));
  draw('faults', faults, (all) => all.map(({ route, type, hits, left }) => row([route, type, `${hits}`, `${left}`])));
  draw('requests', requests.slice(-30), (last) =>
    last
      .toReversed()
      .map((one) =>
        row([time(one.at), `${one.method} ${one.path}`, `${one.status ?? 'none'}`, (one.faults ?? []).join(' ')]),
      ),
  );
  draw('switches', { switches, about }, () =>
    Object.entries(switches).map(([name, value]) =>
      row(
        [name, switchInput(name, value), `${about[name].about} (${about[name].kind})`],
        JSON.stringify(value) === JSON.stringify(about[name].default) ? '' : 'changed',
      ),
    ),
  );
}

/** Does something and shows what came of it; a refusal stays on the page until the next thing done. */
async function act(what) {
  byId('problem').textContent = '';
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
byId('clear-faults').addEventListener('click', () => act(() => control('DELETE', '/faults')));
byId('reset').addEventListener('click', () => act(() => control('POST', '/reset')));
for (const button of document.querySelectorAll('[data-advance]')) {
  button.addEventListener('click', () =>
    act(() => control('POST', '/clock', { advanceSeconds: Number(button.dataset.advance) })),
  );
}

const refreshQuietly = () => refresh().catch(() => undefined);
refreshQuietly();
setInterval(refreshQuietly, 2000);
