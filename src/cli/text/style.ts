import { styleText } from 'node:util';
import type { Terminal } from '../terminal';

export type Format = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';
export type Style = (format: Format, text: string) => string;

/** Colour is for people: off when the output goes elsewhere, and when NO_COLOR is set (no-color.org). */
export const takesColour = ({ stdout, env }: Pick<Terminal, 'stdout' | 'env'>): boolean =>
  stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';

export const createStyle =
  (colour: boolean): Style =>
  (format, text) =>
    colour ? styleText(format, text, { validateStream: false }) : text; // Node would look at its own stdout
