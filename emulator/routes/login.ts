import type { FastifyReply } from 'fastify';
import { OAuthError } from '../errors';
import { textField } from '../fields';
import { escapeHtml, faultyField, page } from '../pages';
import { alphabets } from '../random';
import type { SignIn } from '../sign-in';
import { afterLogin } from '../sign-in-steps';
import type { Tenant } from '../tenant';
import type { AddRoutes } from './route';

export const sessionCookie = 'auth0';

/** The login page: email and password. */
export const loginRoutes: AddRoutes = (app, tenant) => {
  app.get('/u/login', async (request, reply) => {
    const signIn = requireSignIn(tenant, request.query);
    return show(reply, signIn, signIn.request.loginHint);
  });

  app.post('/u/login', async (request, reply) => {
    const signIn = requireSignIn(tenant, request.body);
    const username = textField(request.body, 'username');
    const user = [...tenant.state.users.values()].find((one) => one.email === username);
    if (user === undefined || user.password !== textField(request.body, 'password')) {
      return show(reply.code(400), signIn, username, 'Wrong email or password.');
    }
    const secret = tenant.random.text(alphabets.alphanumeric, 40);
    const session = {
      userId: user.userId,
      sid: tenant.random.text(alphabets.alphanumeric, 32),
      authenticatedAt: tenant.clock.now(),
    };
    tenant.state.sessions.set(secret, session);
    // Silent sign-in happens in a frame of the application's page, where a cookie goes only with SameSite=None, and
    // that needs https.
    const crossSite = request.protocol === 'https';
    reply.setCookie(sessionCookie, secret, {
      path: '/',
      httpOnly: true,
      sameSite: crossSite ? 'none' : 'lax',
      secure: crossSite,
    });
    return afterLogin(tenant, reply, signIn, user, session);
  });
};

/** @throws OAuthError for a sign-in that is over or was never begun here. */
export function requireSignIn(tenant: Tenant, fields: unknown): SignIn {
  const signIn = tenant.state.signIns.get(textField(fields, 'state') ?? '');
  if (signIn === undefined) {
    throw new OAuthError(400, 'invalid_request', 'This sign-in is over. Start again from the application.');
  }
  return signIn;
}

/** `username`: what was typed before, or hinted. The focus goes to the first field that is left to fill. */
function show(reply: FastifyReply, signIn: SignIn, username = '', problem?: string): FastifyReply {
  const focus = (here: boolean): string => (here ? ' autofocus' : '');
  return reply.type('text/html').send(
    page(
      'Log in',
      `<form method="post" action="/u/login">
<input type="hidden" name="state" value="${escapeHtml(signIn.id)}">
<label for="username">Email</label>
<input id="username" name="username" type="email" autocomplete="username" required value="${escapeHtml(username)}"${faultyField(problem)}${focus(username === '')}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${faultyField(problem)}${focus(username !== '')}>
<button type="submit">Continue</button>
</form>`,
      problem,
    ),
  );
}
