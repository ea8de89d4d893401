import { createServer } from 'node:http';
import { createClient, isOutcome, isProblem } from '@auth0-mfa-enrollment/client';

// A plain page of your own portal that leads the user into their enrollment. The link opens the sign-in page of this project, which
// must not be shown in a frame: so the page links to it. The key stays on the server; the browser gets the link alone.
// MFA_API=… MFA_KEY=… npx tsx examples/page-with-link.ts enr_…
const { MFA_API = 'http://localhost:3000', MFA_KEY = '', PORT = '8081' } = process.env;
const mfa = createClient({ baseUrl: MFA_API, token: MFA_KEY });
/** Your portal knows the enrollment of the user who is signed in there; here it comes from the command line. */
const enrollmentId = process.argv[2] ?? '';

const page = (content: string) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Your second factor</title>
<body>${content}</body>
</html>`;
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

createServer((request, response) => {
  const show = (status: number, content: string) =>
    response
      .writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
      .end(page(content));
  void (async () => {
    // A link lives for a short time and works once: so it is made when the user asks for it, not when the page is shown.
    if (request.method === 'POST' && request.url === '/set-up') {
      const { url } = await mfa.createLink(enrollmentId);
      response.writeHead(303, { location: url, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).end();
      return;
    }
    const enrollment = await mfa.get(enrollmentId);
    const button = '<form method="post" action="/set-up"><button>Set up your second factor</button></form>';
    show(200, `<p>${escaped(enrollment.nextAction)}</p>${isOutcome(enrollment) ? '' : button}`);
  })().catch((error: unknown) => {
    console.error(error);
    show(isProblem(error, 'enrollment_not_found') ? 404 : 502, '<p>This does not work now. Try again later.</p>');
  });
}).listen(Number(PORT), () => console.log(`http://localhost:${PORT}`));
