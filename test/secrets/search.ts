/** Something that must not be found. A value of a few digits counts only where it stands alone: any long number holds it. */
export interface Wanted {
  readonly name: string;
  /** Ways to write it: one is enough. Text, or bytes such as a key's own. */
  readonly values: readonly (string | Uint8Array)[];
}

export interface Place {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Find {
  readonly wanted: string;
  readonly place: string;
  /** `plain`, or how it was wrapped, outermost first: `base64 > url`. */
  readonly form: string;
  /** What stands around it, without the find itself. */
  readonly around: string;
}

/** Wrappings within wrappings: base64 of JSON with an escaped URL in it is three. */
const deepest = 3;

/**
 * Every wanted thing in every place: as it is, and inside base64 and base64url (at any alignment), hex, percent-encoding
 * and JSON's escapes. It unwraps the place, not the wanted thing, so neighbours do not hide it.
 */
export function search(places: readonly Place[], wanted: readonly Wanted[]): Find[] {
  const needles = wanted.flatMap(({ name, values }) =>
    values.map((value) => ({ name, text: Buffer.from(value).toString('latin1') })),
  );
  for (const { name, text } of needles) {
    if (text.length < 6) throw new RangeError(`${name}: expected at least 6 bytes, or everything holds it by chance`);
  }
  return places.flatMap(({ name: place, bytes }) =>
    views(Buffer.from(bytes).toString('latin1')).flatMap(({ form, text }) =>
      needles.flatMap((needle) => {
        const at = indexOf(text, needle.text);
        return at === -1 ? [] : [{ wanted: needle.name, place, form, around: around(text, at, needle.text.length) }];
      }),
    ),
  );
}

interface View {
  readonly form: string;
  readonly text: string;
}

/** The text, and what unwrapping gives, as Latin-1: one character a byte. */
function views(text: string): View[] {
  const all: View[] = [{ form: 'plain', text }];
  let layer: readonly View[] = [{ form: '', text }];
  for (let depth = 1; depth <= deepest; depth += 1) {
    layer = layer.flatMap(({ form, text: wrapped }) =>
      Object.entries(unwrappers)
        .map(([name, unwrap]) => ({ form: form === '' ? name : `${form} > ${name}`, text: unwrap(wrapped) }))
        .filter((view) => view.text !== ''),
    );
    all.push(...layer);
  }
  return all;
}

/** Each gives what the wrapped parts of a text hold, a line each; nothing when there are none. */
const unwrappers: Readonly<Record<string, (text: string) => string>> = {
  // The run may begin before the wrapped part does, so every beginning of a group of four is tried.
  base64: (text) =>
    parts(text, /[A-Za-z0-9+/_-]{8,}/g, (run) =>
      [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), 'base64').toString('latin1')),
    ),
  hex: (text) =>
    parts(text, /[0-9A-Fa-f]{12,}/g, (run) =>
      [0, 1].map((from) => Buffer.from(run.slice(from), 'hex').toString('latin1')),
    ),
  url: (text) =>
    pieces(text, /[\s"'<>]+/, /%[0-9A-Fa-f]{2}/, (piece) =>
      piece.replace(/%([0-9A-Fa-f]{2})/g, (_whole, digits: string) => String.fromCharCode(parseInt(digits, 16))),
    ),
  json: (text) =>
    pieces(text, /\n/, /\\[u"\\/bfnrt]/, (piece) =>
      piece.replace(/\\(?:u([0-9A-Fa-f]{4})|(["\\/bfnrt]))/g, (_whole, digits?: string, character?: string) =>
        digits === undefined
          ? (escapes[character ?? ''] ?? character ?? '')
          : Buffer.from(String.fromCharCode(parseInt(digits, 16))).toString('latin1'),
      ),
    ),
};

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

const parts = (text: string, wrapped: RegExp, unwrap: (run: string) => string[]): string =>
  Array.from(text.matchAll(wrapped), ([run]) => unwrap(run).join('\n')).join('\n');

const pieces = (text: string, between: RegExp, escaped: RegExp, unescape: (piece: string) => string): string =>
  text
    .split(between)
    .filter((piece) => escaped.test(piece))
    .map(unescape)
    .join('\n');

function indexOf(text: string, needle: string): number {
  const isShortNumber = /^\d{6,8}$/.test(needle);
  for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + 1)) {
    if (!isShortNumber || standsAlone(text, at, needle.length)) return at;
  }
  return -1;
}

/** Not part of a longer number, of a time's fraction, or of an id of random characters. */
function standsAlone(text: string, at: number, length: number): boolean {
  const before = text.slice(Math.max(0, at - 40), at);
  const after = text.slice(at + length, at + length + 40);
  if (/\d$/.test(before) || /^\d/.test(after)) return false;
  if (/:\d\d[.,]$/.test(before)) return false;
  const word = (/[\w-]*$/.exec(before)?.[0].length ?? 0) + length + (/^[\w-]*/.exec(after)?.[0].length ?? 0);
  return word < 20 || !(/[A-Za-z]$/.test(before) || /^[A-Za-z]/.test(after));
}

const around = (text: string, at: number, length: number): string =>
  `${text.slice(Math.max(0, at - 60), at)}•••${text.slice(at + length, at + length + 30)}`.replace(
    /[^\x20-\x7e•]/g,
    '.',
  );
