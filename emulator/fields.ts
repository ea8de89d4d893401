/** A member of a JSON or form body when it is a non-empty string; anything else counts as absent. */
export function textField(body: unknown, name: string): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const value: unknown = Object.getOwnPropertyDescriptor(body, name)?.value;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A space-separated list, as OAuth writes scopes. */
export const words = (text: string | undefined): string[] => (text ?? '').split(' ').filter((word) => word !== '');
