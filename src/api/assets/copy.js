import { say } from './live.js';

/**
 * Buttons with `data-copy="id"` put the text of that element into the clipboard, and say so with the words in `data-copied`. They
 * are `hidden` until there is a script to do it: `showCopyButtons` after each change of the page.
 */
export function takeCopies() {
  document.addEventListener('click', ({ target }) => {
    const button = target instanceof Element ? target.closest('button[data-copy]') : null;
    if (!(button instanceof HTMLElement)) return;
    const text = document.getElementById(button.dataset['copy'] ?? '')?.textContent ?? '';
    // Groups are for eyes: a key is pasted without them.
    const copied = button.dataset['groups'] === undefined ? text : text.replace(/\s/g, '');
    navigator.clipboard.writeText(copied).then(
      () => {
        const words = button.textContent;
        button.textContent = button.dataset['copied'] ?? words;
        say(button.textContent ?? '');
        setTimeout(() => (button.textContent = words), 2000);
      },
      () => undefined, // the browser does not allow it: the text is there to be marked by hand
    );
  });
}

export function showCopyButtons() {
  if (!('clipboard' in navigator)) return;
  for (const button of document.querySelectorAll('button[data-copy]')) button.removeAttribute('hidden');
}
