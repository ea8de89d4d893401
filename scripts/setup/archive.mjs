import { gunzipSync, inflateRawSync } from 'node:zlib';

const endOfDirectory = 0x06054b50;
const directoryEntry = 0x02014b50;

/**
 * The content of the first file of a zip archive whose name satisfies `wanted`.
 *
 * Reads the central directory (APPNOTE.TXT 4.3.12), stored and deflated files; no zip64, no encryption.
 * @throws Error when it is not such an archive or no name fits
 */
export function fileFromZip(zip, wanted) {
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== endOfDirectory) end -= 1;
  if (end < 0) throw new Error('not a zip archive');
  const files = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  for (let index = 0; index < files && zip.readUInt32LE(at) === directoryEntry; index += 1) {
    const nameLength = zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    if (wanted(name)) return zipContent(zip, at);
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  throw new Error('the archive does not hold the file that was looked for');
}

function zipContent(zip, entry) {
  const method = zip.readUInt16LE(entry + 10);
  const packed = zip.readUInt32LE(entry + 20);
  const local = zip.readUInt32LE(entry + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const bytes = zip.subarray(start, start + packed);
  if (method === 0) return bytes;
  if (method === 8) return inflateRawSync(bytes);
  throw new Error(`zip method ${method} is not known here`);
}

/**
 * The content of the first regular file of a .tar.gz archive whose name satisfies `wanted` (ustar headers, 512-byte
 * blocks).
 *
 * @throws Error when it is not such an archive or no name fits
 */
export function fileFromTarGz(archive, wanted) {
  const found = filesFromTar(gunzipSync(archive)).find(({ name }) => wanted(name));
  if (found === undefined) throw new Error('the archive does not hold the file that was looked for');
  return found.content;
}

/**
 * Every regular file of a tar archive, as `{ name, content }` (ustar headers, 512-byte blocks).
 *
 * @throws Error when it is not such an archive
 */
export function filesFromTar(tar) {
  const files = [];
  const text = (from, length) => tar.toString('utf8', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    if (!Number.isSafeInteger(size)) throw new Error('not a tar archive');
    const type = text(at + 156, 1);
    if (type === '' || type === '0')
      files.push({ name: text(at, 100), content: tar.subarray(at + 512, at + 512 + size) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}
