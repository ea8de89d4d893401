import { inspect } from 'node:util';
import { Auth0Error } from '../../src/auth0/errors';

/** The Auth0Error that `work` rejects with; anything else fails the test. */
export async function caught(work: Promise<unknown>): Promise<Auth0Error> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Auth0Error)) throw new Error(`expected an Auth0Error, got ${inspect(error)}`);
  return error;
}
