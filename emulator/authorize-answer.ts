import type { FastifyReply } from 'fastify';
import { messagePage } from './pages';
import type { AuthorizeRequest } from './sign-in';

type Answer = { readonly code: string } | { readonly error: string; readonly error_description: string };

/** Sends the browser's answer to the application, in the response mode that the application asked for. */
export function answerApplication(
  reply: FastifyReply,
  { redirectUri, state, responseMode }: Pick<AuthorizeRequest, 'redirectUri' | 'state' | 'responseMode'>,
  answer: Answer,
): FastifyReply {
  const response = { ...answer, ...(state !== undefined && { state }) };
  const url = new URL(redirectUri);
  if (responseMode === 'web_message') return reply.type('text/html').send(messagePage(response, url.origin));
  for (const [name, value] of Object.entries(response)) url.searchParams.set(name, value);
  return reply.redirect(url.href, 303);
}
