import type { AppParts } from '../../src/api/app';
import { createPageSessions } from '../../src/api/page-session';
import { createLinks } from '../../src/links';
import { ApiProblem } from '../../src/problems';
import type { Enrollments } from '../../src/temporal/enrollments';
import { isOutcome, type EnrollmentView } from '../../src/temporal/enrollments/runs';
import { id, idKey, testApp } from '../api/support';
import { appSecrets, recoverySecrets, views } from './views';

/**
 * The app with one enrollment in memory, which is as `held` says: for what the page makes of it. `port`: where it is reached.
 * What the user does is kept in `done`.
 */
export async function pageSite(port: number, parts: Partial<AppParts> = {}, more: Partial<Enrollments> = {}) {
  const publicUrl = `http://localhost:${port}`;
  const held: { view: EnrollmentView } = { view: views.code() };
  const done: unknown[][] = [];
  const act = async (...what: unknown[]) => {
    done.push(what);
    return held.view;
  };
  const sessions = createPageSessions(idKey, false);
  const { app, logged, log } = await testApp(
    {
      get: async (of) => {
        if (of !== id) throw new ApiProblem('enrollment_not_found');
        return held.view;
      },
      challenge: async () => (held.view.challenge?.factor === 'otp' ? appSecrets : recoverySecrets),
      confirmCode: async (of, input, _updateId, by) => {
        const status = await act('code', of, input, by);
        return { result: 'confirmed', attemptsLeft: 5, status };
      },
      resend: (of) => act('resend', of),
      changePhoneNumber: (of, number, _updateId, by) => act('number', of, number, by),
      acknowledgeRecoveryCode: (of, _updateId, by) => act('acknowledge', of, by),
      cancel: (of, reason) => act('cancel', of, reason),
      askedBy: async () => 'Onboarding of Example Corp',
      isUpdateKnown: async () => false,
      watch: async function* (_of, signal) {
        let last = '';
        while (!signal.aborted) {
          const now = JSON.stringify(held.view);
          yield now === last ? undefined : held.view;
          last = now;
          if (isOutcome(held.view)) return;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      },
      ...more,
    },
    {
      callsPerMinute: 100_000, // of one address, on which all these tests are
      publicUrl,
      links: createLinks({ idKey, publicUrl }),
      ...parts,
    },
  );
  await app.listen({ host: '127.0.0.1', port });
  return {
    ...{ app, publicUrl, held, done, logged, log, sessions },
    /** A cookie of a browser whose user has signed in. */
    cookie: async (enrollmentId = id) => ({
      name: sessions.name,
      value: await sessions.begin(enrollmentId),
      url: publicUrl,
    }),
    close: () => app.close(),
  };
}
