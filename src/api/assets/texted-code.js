/** @type {AbortController | undefined} */
let waiting;

/**
 * Takes the code of a text message where the browser offers it (WebOTP): the user is asked by the browser, and the form is sent. The
 * message has to end with a line such as `@mfa.example.com #123456`.
 */
export function takeTextedCode() {
  waiting?.abort();
  const field = document.querySelector('input[data-texted]');
  if (!(field instanceof HTMLInputElement) || !('OTPCredential' in window)) return;
  waiting = new AbortController();
  const options = /** @type {CredentialRequestOptions} */ ({ otp: { transport: ['sms'] }, signal: waiting.signal });
  navigator.credentials.get(options).then(
    (credential) => {
      if (credential === null || !('code' in credential) || typeof credential.code !== 'string') return;
      field.value = credential.code;
      field.form?.requestSubmit();
    },
    () => undefined, // the user types it, or another page is shown
  );
}
