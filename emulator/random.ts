import { createHash, randomBytes } from 'node:crypto';

/** Where ids, codes and secrets come from. With a seed the sequence repeats from start to start and from reset to reset. */
export interface Random {
  bytes(length: number): Buffer;
  /** `length` characters of `alphabet`, each equally likely. The alphabet has 1 to 256 characters. */
  text(alphabet: string, length: number): string;
  /** 0 <= x < 1. */
  fraction(): number;
  /** Begins the sequence again; without a seed nothing changes. */
  reset(): void;
}

export const alphabets = {
  digits: '0123456789',
  hex: '0123456789abcdef',
  alphanumeric: 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789',
  recoveryCode: 'ABCDEFGHIJKLMNPQRSTUVWXYZ123456789',
  /** Live secrets decode to printable ASCII; `~` and the space are left out so that none needs escaping when printed. */
  printable: Array.from({ length: 93 }, (_, index) => String.fromCharCode(33 + index)).join(''),
} as const;

export function createRandom(seed?: string): Random {
  let counter = 0;
  const seeded = (length: number): Buffer => {
    const blocks: Buffer[] = [];
    for (let filled = 0; filled < length; filled += 32) {
      blocks.push(createHash('sha256').update(`${seed}:${counter++}`).digest());
    }
    return Buffer.concat(blocks).subarray(0, length);
  };
  const bytes = seed === undefined ? randomBytes : seeded;
  return {
    bytes,
    text: (alphabet, length) => {
      // Bytes at or past the last whole multiple would favour the first characters.
      const fair = 256 - (256 % alphabet.length);
      let text = '';
      while (text.length < length) {
        for (const byte of bytes(length - text.length)) {
          if (byte < fair) text += alphabet.charAt(byte % alphabet.length);
        }
      }
      return text;
    },
    fraction: () => bytes(4).readUInt32BE() / 2 ** 32,
    reset: () => {
      counter = 0;
    },
  };
}
