import { Auth0Error, type Auth0Verdict } from './errors';
import type { MfaClient } from './mfa';
import type { Pace } from './pace';
import type { Auth0Call } from './requests';
import type { Priority } from '../enrollment/tenant-budget';

/** What became of a call: `ok`, or what its refusal or fault means. `fault`: something that is no Auth0Error, a fault of our own. */
export type CallResult = 'ok' | Auth0Verdict | 'fault';

/** Told when a call to Auth0 begins; what it returns is told when the call has ended. Neither may throw. */
export type ObserveCall = (call: Auth0Call) => (result: CallResult, status?: number) => void;

/** Tells both. */
export const bothOf =
  (one: ObserveCall, other: ObserveCall | undefined): ObserveCall =>
  (call) => {
    const ended = [one(call), other?.(call)];
    return (result, status) => ended.forEach((end) => end?.(result, status));
  };

/** The same client, whose calls are told to `observe`: each request that is made, not the wait for its turn. */
export function measured(mfa: MfaClient, observe: ObserveCall): MfaClient {
  async function observed<T>(call: Auth0Call, make: () => Promise<T>): Promise<T> {
    const ended = observe(call);
    try {
      const answer = await make();
      ended('ok');
      return answer;
    } catch (error) {
      if (error instanceof Auth0Error) ended(error.verdict, error.status);
      else ended('fault');
      throw error;
    }
  }
  return {
    associate: (...input) => observed('associate', () => mfa.associate(...input)),
    confirm: (...input) =>
      observed(input[1].type === 'oob' ? 'confirm_oob' : 'confirm_otp', () => mfa.confirm(...input)),
    listAuthenticators: (...input) => observed('list', () => mfa.listAuthenticators(...input)),
    deleteAuthenticator: (...input) => observed('delete', () => mfa.deleteAuthenticator(...input)),
    refresh: (...input) => observed('refresh', () => mfa.refresh(...input)),
    exchangeCode: (...input) => observed('exchange', () => mfa.exchangeCode(...input)),
  };
}

/** How long a call waited for its turn, in seconds, and whether it got one. */
export type ObserveTurn = (priority: Priority, result: 'admitted' | 'refused', seconds: number) => void;

/** The same pace, whose decisions are told to `observe`. */
export const measuredPace = (pace: Pace, observe: ObserveTurn): Pace => ({
  async admit(call) {
    const began = performance.now();
    const admission = await pace.admit(call);
    observe(call.priority, admission.type, (performance.now() - began) / 1000);
    return admission;
  },
});
