import { createServer } from 'node:http';

/**
 * The HTTP surface that all have: `POST /start {userId, phoneNumber, accessToken}` answers `{id}` when the text is sent;
 * `POST /code {id, factor, code}` answers `{setupKey}` (sms) or `{state: "completed"}` (otp) when the code is confirmed and the next thing is there.
 */
export function listen(port, routes) {
  const server = createServer(async (request, response) => {
    const route = routes[request.url];
    try {
      const chunks = [];
      for await (const chunk of request) chunks.push(chunk);
      const answer = await route(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    } catch (error) {
      response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: messageOf(error) }));
    }
  });
  server.listen(Number(port), '127.0.0.1', () => console.log('ready'));
}

/** The innermost: engines wrap what a step has thrown. */
const messageOf = (error) => (error?.cause ? messageOf(error.cause) : String(error?.message ?? error));
