import type { DesklessStack } from '../stack/stack-file';

/** Who calls the API while it is fuzzed: each role, nobody, and somebody whose key it does not know. */
export const callers = ['onboarding', 'support', 'ops', 'nobody', 'stranger'] as const;
export type FuzzCaller = (typeof callers)[number];

/** The key that this caller sends; undefined: none. */
export function keyOf({ keys }: Pick<DesklessStack, 'keys'>, caller: FuzzCaller): string | undefined {
  if (caller === 'nobody') return undefined;
  return caller === 'stranger' ? 'mfa_ops_of_another_installation' : keys[caller];
}
