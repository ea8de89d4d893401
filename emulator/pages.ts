const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in HTML, in an element or in a quoted attribute. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (found) => entities[found] ?? found);

/** A page of the emulated Universal Login. `main` is HTML already. */
export const page = (title: string, main: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 24rem; margin: 3rem auto; padding: 0 1rem; }
label, input, button { display: block; width: 100%; box-sizing: border-box; }
input, button { font: inherit; padding: 0.5rem; margin: 0.25rem 0 1rem; }
[role=alert] { color: #b00020; }
</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${main}
</main>
</body>
</html>
`;

export const alertLine = (problem: string | undefined): string =>
  problem === undefined ? '' : `<p role="alert">${escapeHtml(problem)}</p>`;

/**
 * The page of `response_mode=web_message`: gives the answer to the window that opened or frames it, and only when that
 * one is of `origin`.
 */
export const messagePage = (response: Readonly<Record<string, string>>, origin: string): string => {
  const message = { type: 'authorization_response', response };
  return page(
    'Signed in',
    `<p>You can close this window.</p>
<script>(window.opener ?? window.parent).postMessage(${inScript(message)}, ${inScript(origin)});</script>`,
  );
};

/** JSON that cannot end the script element it stands in. */
const inScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', '\\u003c');
