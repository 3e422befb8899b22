// What leaves the program as text: secrets taken out, control characters made harmless.
import type { Json } from './json.ts';

const MASK = '[redacted]';
/** Shorter values of secret variables are words such as `true`: masking them would garble everything. */
const MIN_SECRET_LENGTH = 8;
const SECRET_VARIABLE = /(TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|API_?KEY|PRIVATE_KEY|CREDENTIALS?)$/i;
const SECRET_FIELD = /^(token|.*[-_]token|password|passwd|secret|client-key-data|clientkeydata|authorization|auth|unlockkey)$/i;

/** Each has one group for what stays in front of the secret. Linear: no pattern backtracks into itself. */
const PATTERNS: readonly RegExp[] = [
  /(\bbearer\s+)[\w.~+/=-]{16,}/gi,
  /(\bauthorization["']?\s{0,4}[:=]\s{0,4}["']?(?:\w{1,20}\s+)?)[\w.~+/=-]{6,}/gi,
  /(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@:"']{0,200}:[^\s/@"']{1,200}(?=@)/gi,
  /()\bSWM(?:KEY|TKN)-1-[\w+/=-]+/g,
  /()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /()\b(?:ghp|gho|ghs|ghu|ghr|github_pat|glpat|xox[abps])[_-][\w-]{16,}/g,
  /()-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g,
  /(\b(?:client-key-data|password|passwd|token|secret|api[-_]?key)["']?\s{0,4}[:=]\s{0,4}["']?)[^\s"',;&]{4,}/gi,
];

/** Values of environment variables that are secret by their name. */
export function secretsOf(env: { readonly [name: string]: string | undefined }): readonly string[] {
  return Object.entries(env).flatMap(([name, value]) => (value !== undefined && value.length >= MIN_SECRET_LENGTH && SECRET_VARIABLE.test(name) ? [value] : []));
}

/** Colours that devstack itself writes (render/paint.ts): bold, dim, red, green, yellow, cyan, and their ends. */
const OWN_COLOUR = '\\[(?:1|2|22|31|32|33|36|39)m';
const FOREIGN_SEQUENCE = new RegExp(`\\u001b(?!${OWN_COLOUR})(?:\\[[0-9;:<=>?]{0,64}[ -/]{0,8}[@-~])?`, 'g');

/**
 * Takes out escape sequences, other control characters and direction overrides: text of the world cannot move the cursor,
 * rename the window or show letters in another order. Line feeds and tabs stay, and colours when they are asked for.
 */
export function stripControls(text: string, keepColours = false): string {
  return text
    .replace(/\u001b[\]PX^_][^\u0007\u001b]{0,4096}(?:\u0007|\u001b\\)?/g, '')
    .replace(keepColours ? FOREIGN_SEQUENCE : /\u001b(?:\[[0-9;:<=>?]{0,64}[ -/]{0,8}[@-~])?/g, '')
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, '');
}

export interface RedactOptions {
  /** Masked wherever they occur. */
  readonly secrets?: readonly string[];
  readonly keepColours?: boolean;
}

/** Text as it may be shown. */
export function redactText(text: string, { secrets = [], keepColours = false }: RedactOptions = {}): string {
  let clean = stripControls(text, keepColours);
  for (const secret of secrets) clean = clean.replaceAll(secret, MASK);
  for (const pattern of PATTERNS) clean = clean.replace(pattern, `$1${MASK}`);
  return clean;
}

/** The same for a whole value; fields that are secret by their name lose a text value. */
export function redact<T extends Json>(value: T, secrets: readonly string[] = []): T {
  return redactValue(value, secrets) as T;
}

function redactValue(value: Json, secrets: readonly string[]): Json {
  if (typeof value === 'string') return redactText(value, { secrets });
  if (Array.isArray(value)) return value.map((item: Json) => redactValue(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]: [string, Json]) => [
    redactText(key, { secrets }), typeof item === 'string' && SECRET_FIELD.test(key) ? MASK : redactValue(item, secrets),
  ]));
}

/** Text that a person typed, quoted for a message: control characters visible, long text cut. */
export function quote(text: string, limit = 60): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return JSON.stringify(cut).replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
