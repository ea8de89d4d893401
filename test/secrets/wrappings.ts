const base64 = (bytes: Buffer) => bytes.toString('base64');
const hexOf = (bytes: Buffer) => bytes.toString('hex');
const between = (before: string, bytes: Buffer, after: string) =>
  Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)]);

/** The forms in which a secret may lie about, each as a way to write it. */
export const wrappings: Readonly<Record<string, (value: Buffer) => Buffer>> = {
  plain: (value) => value,
  'in JSON': (value) => between('{"field":"', value, '"}'),
  'base64, alignment 0': (value) => Buffer.from(base64(value)),
  'base64, alignment 1': (value) => Buffer.from(base64(between('"', value, '"'))),
  'base64, alignment 2': (value) => Buffer.from(base64(between(': ', value, ','))),
  'base64 behind other letters': (value) => Buffer.from(`id_${base64(value)}`),
  base64url: (value) => Buffer.from(value.toString('base64url')),
  'base64url in a JWT': (value) =>
    Buffer.from(`eyJhbGciOiJub25lIn0.${between('{"x":"', value, '"}').toString('base64url')}.`),
  'base64 of base64': (value) => Buffer.from(base64(Buffer.from(base64(value)))),
  'base64 with escaped slashes': (value) => Buffer.from(base64(between('>>>', value, '???')).replaceAll('/', '\\/')),
  'base64 in a URL': (value) => Buffer.from(encodeURIComponent(base64(between('>>>', value, '???')))),
  hex: (value) => Buffer.from(hexOf(value)),
  'hex in capitals': (value) => Buffer.from(`0x${hexOf(value).toUpperCase()}`),
  'hex, odd': (value) => Buffer.from(`f${hexOf(value)}`),
  'percent-encoded': (value) => Buffer.from(hexOf(value).replace(/../g, '%$&')),
  'percent-encoded in a query': (value) => between('/x?a=b%20c&d=', Buffer.from(escapedUrl(value)), '&e=f'),
  "JSON's escapes": (value) =>
    Buffer.from(Array.from(value, (byte) => `\\u${byte.toString(16).padStart(4, '0')}`).join('')),
  'JSON in JSON': (value) => Buffer.from(JSON.stringify(JSON.stringify({ field: value.toString('latin1') }))),
  'after a line break in JSON': (value) => Buffer.from(JSON.stringify(`error:\n${value.toString('latin1')}\n  at x`)),
};

/** Bytes that are no text cannot be told from their Latin-1 reading by these. */
export const textOnly: ReadonlySet<string> = new Set(["JSON's escapes", 'JSON in JSON', 'after a line break in JSON']);

const escapedUrl = (value: Buffer) =>
  Array.from(value, (byte) =>
    /[A-Za-z0-9]/.test(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).padStart(2, '0')}`,
  ).join('');
