const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in HTML, in an element or in a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (found) => entities[found] ?? found);

const problemId = 'problem';

/** Attributes of the field that `problem` is about: it takes the focus and names the problem to a screen reader. */
export const faultyField = (problem: string | undefined): string =>
  problem === undefined ? '' : ` aria-invalid="true" aria-describedby="${problemId}"`;

/** A page of the emulated Universal Login. `main` is HTML already; `problem` is text. */
export const page = (title: string, main: string, problem?: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${problem === undefined ? '' : 'Error: '}${escapeHtml(title)}</title>
<style>
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; padding: 3rem 1rem; background: #eef0f4; color: #1b1f29; }
main { max-width: 25rem; margin: 0 auto; padding: 2rem; background: #fff; border: 1px solid #c9cedb; border-radius: 8px; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
label { display: block; margin-top: 1rem; font-weight: 600; }
input, button { display: block; width: 100%; min-height: 2.75rem; padding: 0.5rem 0.75rem; font: inherit; border-radius: 6px; }
input { margin-top: 0.25rem; background: #fff; color: inherit; border: 1px solid #6b7280; }
input[aria-invalid] { border: 2px solid #b3261e; }
button { margin-top: 1.5rem; border: 0; background: #2b3a8c; color: #fff; font-weight: 600; cursor: pointer; }
button:hover { background: #1f2b6b; }
a { color: #2b3a8c; }
a, button, input { outline-offset: 2px; }
:focus-visible { outline: 3px solid #e07a00; }
[role=alert] { margin: 0 0 1rem; padding: 0.75rem; background: #fdeceb; color: #8c1d18; border-left: 4px solid #b3261e; }
footer { max-width: 25rem; margin: 1rem auto 0; font-size: 0.875rem; color: #4b5263; text-align: center; }
</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${problem === undefined ? '' : `<p role="alert" id="${problemId}">${escapeHtml(problem)}</p>`}
${main}
</main>
<footer>Auth0 emulator: not a real login. Use test accounts only.</footer>
</body>
</html>
`;

/**
 * The page of `response_mode=web_message`: gives the answer to the window that opened or frames it, and only when that
 * one is of `origin`.
 */
export const messagePage = (response: Readonly<Record<string, string>>, origin: string): string => {
  const message = { type: 'authorization_response', response };
  return page(
    'Back to the application',
    `<p>You can close this window.</p>
<script>(window.opener ?? window.parent).postMessage(${inScript(message)}, ${inScript(origin)});</script>`,
  );
};

/** JSON that cannot end the script element it stands in. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');
