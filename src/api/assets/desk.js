import { showCopyButtons, takeCopies } from './copy.js';
import { countDown } from './countdown.js';
import { guardForms } from './forms.js';
import { followPage, main } from './live.js';

// The desk: the page of an enrollment stays as it is at the server. Everything works without this script, by loading the page again.

/** What was just done, and a link that was made, are shown once: they stay when the rest of the page is renewed. */
const staying = [...document.querySelectorAll('[data-stay]')];

/** Acts that were opened stay open. */
const opened = new Set([...document.querySelectorAll('details[open]')].map(({ id }) => id));
document.addEventListener(
  'toggle',
  ({ target }) => {
    if (!(target instanceof HTMLDetailsElement) || !target.isConnected) return;
    if (target.open) opened.add(target.id);
    else opened.delete(target.id);
  },
  true,
);

const { refresh } = followPage(() => {
  if (main().dataset['key'] === 'sign-in') return showSignIn();
  document.getElementById('stay')?.replaceChildren(...staying);
  for (const id of opened) document.getElementById(id)?.setAttribute('open', '');
  readClock();
  loadedAt = Date.now();
  showAgo();
  showCopyButtons();
});

/** The session is over: nothing of the desk can be done from here any more. */
function showSignIn() {
  document.body.className = 'narrow';
  for (const part of document.querySelectorAll('.top > :not(.brand)')) part.remove();
}

/** What ends at a moment may let the page say something else: the server knows. */
const readClock = countDown(() => {
  if (main().dataset['page'] !== undefined) void refresh();
});

/** In the words of `distanceOf` on the server. */
function showAgo() {
  const difference = Date.parse(main().dataset['now'] ?? '') - loadedAt || 0;
  for (const element of document.querySelectorAll('time[data-ago]')) {
    const at = Date.parse(element.getAttribute('data-ago') ?? '');
    const seconds = Math.round((Date.now() + difference - at) / 1000);
    element.textContent = seconds < 45 ? 'just now' : `${lengthOf(seconds)} ago`;
  }
}

/** @param {number} seconds */
function lengthOf(seconds) {
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return seconds < 36 * 3600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

let loadedAt = Date.now();
setInterval(showAgo, 15_000);
takeCopies();
showCopyButtons();
guardForms();
