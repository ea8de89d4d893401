/**
 * Keeps a page as it is at the server. `main` says how: `data-page` is the address of the page, `data-events` that of a stream of
 * server-sent events, `data-key` names what is shown now. The event `key` names what the server would show; when it is another
 * key, the page is got again and its `main` takes the place of this one. The event `end` says that nothing more will change.
 */

/** @returns {HTMLElement} */
export const main = () => /** @type {HTMLElement} */ (document.querySelector('main'));

/** @param {string} text Read out by screen readers, when they come to it. */
export function say(text) {
  const spoken = document.getElementById('spoken');
  if (spoken !== null) spoken.textContent = text;
}

const retryMs = 5000;

/**
 * @param {() => void} afterSwap Told each time when `main` has been replaced.
 * @returns {{ refresh: () => Promise<void> }} `refresh` gets the page again and shows it where it differs.
 */
export function followPage(afterSwap) {
  let asking = false;
  let askAgain = false;
  /** @type {EventSource | undefined} */
  let source;

  async function refresh() {
    askAgain = asking;
    if (asking) return;
    asking = true;
    try {
      const answer = await fetch(main().dataset['page'] ?? '', { headers: { accept: 'text/html' }, cache: 'no-store' });
      const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const next = fresh.querySelector('main');
      if (next !== null && next.dataset['key'] !== main().dataset['key']) {
        document.title = fresh.title;
        swap(next);
        afterSwap();
        listen();
      }
    } catch {
      // Offline, or the server restarts: the stream comes back by itself, and with it the key.
    } finally {
      asking = false;
      if (askAgain) void refresh();
    }
  }

  function listen() {
    const { events } = main().dataset;
    if (events === undefined) {
      source?.close();
      source = undefined;
      return;
    }
    if (source !== undefined && source.readyState !== EventSource.CLOSED) return;
    const opened = new EventSource(events);
    source = opened;
    opened.addEventListener('key', ({ data }) => {
      if (data !== main().dataset['key']) void refresh();
    });
    opened.addEventListener('end', () => {
      opened.close();
      void refresh();
    });
    opened.addEventListener('error', () => {
      // An answer that is no stream ends it for good: the session is over, or too many pages are open.
      if (opened.readyState === EventSource.CLOSED) setTimeout(() => void refresh().then(listen), retryMs);
    });
  }

  listen();
  window.addEventListener('online', () => void refresh().then(listen));
  window.addEventListener('pageshow', ({ persisted }) => {
    if (persisted) void refresh().then(listen);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void refresh().then(listen);
  });
  return { refresh };
}

/**
 * Puts `next` in the place of `main`. What was typed stays where the same field is asked for the same thing (`data-keep`); the
 * focus stays on the same element, and goes to the heading when the page has become another one.
 * @param {HTMLElement} next
 */
function swap(next) {
  const old = main();
  const focused = document.activeElement;
  const wasInside = focused instanceof HTMLElement && (old.contains(focused) || focused === document.body);
  const focusedId = wasInside ? focused.id : '';
  const selection = focused instanceof HTMLInputElement ? [focused.selectionStart, focused.selectionEnd] : [];
  const typed = [...old.querySelectorAll('input[data-keep], select[data-keep]')].map((field) => ({
    selector: `#${field.id}[data-keep="${field.getAttribute('data-keep') ?? ''}"]`,
    value: /** @type {HTMLInputElement | HTMLSelectElement} */ (field).value,
  }));
  const headingOf = (/** @type {HTMLElement} */ within) => within.querySelector('h1')?.textContent ?? '';
  const isOther = headingOf(old) !== headingOf(next);
  old.replaceWith(next);
  for (const { selector, value } of typed) {
    const field = /** @type {HTMLInputElement | HTMLSelectElement | null} */ (next.querySelector(selector));
    if (field !== null) field.value = value;
  }
  const same = focusedId === '' || isOther ? null : document.getElementById(focusedId);
  if (same !== null) {
    same.focus();
    const [start, end] = selection;
    if (same instanceof HTMLInputElement && typeof start === 'number') same.setSelectionRange(start, end ?? start);
  } else if (isOther && wasInside) {
    next.querySelector('h1')?.focus();
  }
  if (isOther) say(headingOf(next));
  else say([...next.querySelectorAll('[data-say]')].map((element) => element.textContent).join(' '));
}
