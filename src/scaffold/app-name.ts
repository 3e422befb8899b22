// Names of apps: what Kubernetes, Knative, DNS and YAML all take for the same word.
import { type DevstackError, usageError } from '../model/error.ts';

/** Room for what Knative and Kubernetes append (`-00001-deployment-…`, tags) within a DNS label of 63. */
const LONGEST = 40;
/** Words that YAML reads as something else than text. */
const YAML_WORDS = new Set(['null', 'true', 'false', 'yes', 'no', 'on', 'off', 'y', 'n']);

/** True for a word that YAML reads as a boolean, a null or a number when it stands unquoted. */
export function isYamlSpecial(word: string): boolean {
  return word === '' || word === '~' || YAML_WORDS.has(word.toLowerCase()) || /^[-+]?\.?\d[\d._e+xob-]*$/i.test(word);
}

/** Why this cannot be the name of an app, in one line, or undefined when it can. */
export function problemOfAppName(name: string): string | undefined {
  if (name === '') return 'it is empty';
  // Knative refuses `dev.local/a`: a repository has at least two characters.
  if (name.length < 2) return 'its image would have a name that Knative refuses: two characters are the least';
  if (name.length > LONGEST) return `it has ${name.length} characters, and ${LONGEST} are the most`;
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) return 'it must be lower-case letters, digits and dashes, start with a letter and not end with a dash';
  if (isYamlSpecial(name)) return 'YAML reads this word as something else than text';
  // The host is made of the name, and magic DNS (sslip.io) takes the left-most address that it finds in a host.
  if (/(^|-)\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(-|$)/.test(name) || /^[0-9a-f]{8}$/.test(name)) return 'it looks like an IP address, and magic DNS would send its requests there';
  return undefined;
}

/** The name that a folder suggests: `My Café` → `my-cafe`. Undefined when nothing usable is left. */
export function appNameFrom(folder: string): string | undefined {
  const name = folder.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
    .replace(/[^a-z0-9]+/g, '-').replace(/^[^a-z]+/, '').slice(0, LONGEST).replace(/-+$/, '');
  return problemOfAppName(name) === undefined ? name : undefined;
}

/** Throws `app-name-invalid` with the reason. */
export function assertAppName(name: string): void {
  const problem = problemOfAppName(name);
  if (problem !== undefined) throw appNameError(name, problem);
}

export function appNameError(name: string, reason: string): DevstackError {
  return usageError({
    code: 'app-name-invalid', message: `${JSON.stringify(name)} cannot be the name of an app`, reason,
    hints: [{ text: 'name it yourself', command: `devstack new --name ${appNameFrom(name) ?? 'my-app'}` }],
  });
}
