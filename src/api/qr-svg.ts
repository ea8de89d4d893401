import { encode } from 'uqr';

/**
 * Trying all eight masks of a QR code (ISO/IEC 18004, 7.8) and weighing the results takes ten times as long as all the rest. Every
 * reader undoes the mask that the code names. The choice guards against data that is all one colour, which an `otpauth` URI with
 * its random key is not.
 */
export const maskPattern = 3;

/** Light modules around the code (ISO/IEC 18004, 9.1): a reader finds it on a dark page too. */
export const quietZone = 4;

/** A QR code as an SVG document: a light ground and one path, with one rectangle for each horizontal run of dark modules. */
export function qrSvg(text: string): string {
  const { size, data } = encode(text, { maskPattern, border: quietZone });
  const path = data.map((row, y) => runsOf(row, y)).join('');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges">` +
    `<rect fill="white" width="${size}" height="${size}"/><path fill="black" d="${path}"/></svg>`
  );
}

function runsOf(row: readonly boolean[], y: number): string {
  let path = '';
  for (let x = 0; x < row.length; x += 1) {
    if (row[x] !== true) continue;
    const from = x;
    while (row[x + 1] === true) x += 1;
    path += `M${from} ${y}h${x + 1 - from}v1H${from}z`;
  }
  return path;
}
