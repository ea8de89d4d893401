/** Formats the phone number while it is typed, as it is written in the chosen country. The server reads it however it is written. */
export function formatNumbers() {
  document.addEventListener('input', (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || field.id !== 'number') return;
    // Only while typing at the end: a caret that jumps is worse than a number without spaces.
    const isTyping = event instanceof InputEvent && event.inputType.startsWith('insert');
    if (isTyping && field.selectionStart === field.value.length) format(field);
  });
  document.addEventListener('change', ({ target }) => {
    const field = document.getElementById('number');
    if (target instanceof HTMLSelectElement && target.id === 'country' && field instanceof HTMLInputElement) {
      format(field);
    }
  });
}

/** @param {HTMLInputElement} field */
function format(field) {
  const country = document.getElementById('country');
  if (!(country instanceof HTMLSelectElement)) return;
  // phone-numbers.js, as its makers bundle it for browsers, leaves itself in a global name.
  const { libphonenumber } = /** @type {{ libphonenumber?: { AsYouType: new (country: string) => AsYouType } }} */ (
    /** @type {unknown} */ (window)
  );
  if (libphonenumber === undefined) return;
  const asYouType = new libphonenumber.AsYouType(country.value);
  field.value = asYouType.input(field.value);
  const found = asYouType.getCountry();
  if (
    field.value.startsWith('+') &&
    found !== undefined &&
    country.querySelector(`option[value="${found}"]`) !== null
  ) {
    country.value = found;
  }
}

/** @typedef {{ input(text: string): string, getCountry(): string | undefined }} AsYouType */
