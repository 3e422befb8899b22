// Colours, for streams that want them.
import { styleText } from 'node:util';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;
/** `validateStream: false`: whether colour is wanted was decided by hasColours, not by process.stdout. */
export const coloured: Paint = (style, text) => styleText(style, text, { validateStream: false });

/** NO_COLOR wins over FORCE_COLOR, both over what the terminal is (no-color.org, force-color.org). */
export function hasColours(stream: { readonly isTTY?: boolean | undefined }, env: { readonly [name: string]: string | undefined }): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

export function paintFor(stream: { readonly isTTY?: boolean | undefined }, env: { readonly [name: string]: string | undefined }): Paint {
  return hasColours(stream, env) ? coloured : plain;
}
