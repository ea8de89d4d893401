/**
 * A form is sent once, however often its button is pressed, and not into the void: while the browser is offline, it stays as it
 * is and `#offline` says why. Everything works without this script, as far as the network does.
 */
export function guardForms() {
  const sent = new WeakSet();
  document.addEventListener('submit', (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!navigator.onLine) {
      event.preventDefault();
      showOffline();
      return;
    }
    if (sent.has(form)) {
      event.preventDefault();
      return;
    }
    sent.add(form);
    const button = event.submitter;
    if (button instanceof HTMLElement) {
      button.setAttribute('aria-disabled', 'true');
      if (button.dataset['busy'] !== undefined) button.textContent = button.dataset['busy'];
    }
  });
  window.addEventListener('offline', showOffline);
  window.addEventListener('online', showOffline);
  showOffline();
}

/** Also to be called when `main` was replaced. */
export function showOffline() {
  document.getElementById('offline')?.toggleAttribute('hidden', navigator.onLine);
}
