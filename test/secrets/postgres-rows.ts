/**
 * The fields of every row in what `pg_dump` has written (COPY's text format), as the bytes that the database holds: without
 * COPY's escapes, and `bytea` without its hex. A line each.
 */
export function rawFields(dump: string): Buffer {
  const fields: Buffer[] = [];
  let inRows = false;
  for (const line of dump.split('\n')) {
    if (!inRows) inRows = /^COPY .* FROM stdin;$/.test(line);
    else if (line === '\\.') inRows = false;
    else fields.push(...line.split('\t').map(bytesOf));
  }
  return Buffer.concat(fields.flatMap((field) => [field, lineEnd]));
}

const lineEnd = Buffer.from('\n');

function bytesOf(field: string): Buffer {
  if (field === '\\N') return Buffer.alloc(0); // NULL
  const text = field.replace(/\\(.)/g, (_whole, character: string) => escapes[character] ?? character);
  return /^\\x(?:[0-9a-f]{2})*$/.test(text) ? Buffer.from(text.slice(2), 'hex') : Buffer.from(text);
}

/** As COPY writes them; a backslash before any other character means that character. */
const escapes: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
