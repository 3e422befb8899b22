// What the words of a setting must mean, whoever said them. Pure; collects problems and never stops at the first.
import { findKnownName, refusal } from '../addons/index.ts';
import { CONTEXT_PROVIDER } from '../clusters/index.ts';
import { quote } from '../model/redact.ts';
import { addonNames, componentIds, ingressIds, presetIds, providerIds, sampleIds } from './catalog.ts';
import { type Problem, type ProblemCode, problemCode } from './problem.ts';
import type { Given, Layer } from './setting.ts';
import { nameProblem } from './stack-name.ts';
import { suggest } from './suggest.ts';

type Check<T> = (given: Given<T>) => readonly Problem[];

function placeOf<T>(given: Given<T>, element?: string | number): string {
  return element === undefined ? given.origin : given.placeOf?.(element) ?? given.origin;
}

function unknown(what: string, word: string, known: readonly string[]): string {
  const meant = suggest(word, known);
  return `unknown ${what} ${quote(word)}; ${meant === undefined ? `there is ${known.join(', ')}` : `did you mean ${meant}?`}`;
}

/** A name that is offered no more, or not here: what became of it, and what to take instead. */
function explained(what: string, word: string, place: string): Problem | undefined {
  const known = what === 'addon' || what === 'ingress' ? findKnownName(word) : undefined;
  if (known === undefined) return undefined;
  const { code, message, reason, hints } = refusal(known);
  return { place, message: `${message}: ${reason ?? ''}`, code: problemCode(code) ?? 'addon-unknown', hints };
}

/** One word of a list of known ones. */
function oneOf(what: 'preset' | 'provider' | 'ingress', known: () => readonly string[]): Check<string> {
  return (given) => (known().includes(given.value) ? [] : [
    explained(what, given.value, placeOf(given)) ?? { place: placeOf(given), message: unknown(what, given.value, known()), code: `${what}-unknown` as const },
  ]);
}

function allOf(what: 'addon' | 'sample', known: () => readonly string[]): Check<readonly string[]> {
  return (given) => given.value.flatMap((word, index) => {
    if (known().includes(word)) return [];
    const isIngress = what === 'addon' && ingressIds().includes(word);
    return [explained(what, word, placeOf(given, index)) ?? {
      place: placeOf(given, index), message: isIngress ? `${word} is an ingress: choose it by --ingress ${word}` : unknown(what, word, known()), code: `${what}-unknown` as const,
    }];
  });
}

function matches(pattern: RegExp, code: ProblemCode, wanted: string): Check<string> {
  return (given) => (given.value.length <= 253 && pattern.test(given.value) ? [] : [{ place: placeOf(given), message: `${quote(given.value)} is not ${wanted}`, code }]);
}

function urlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) return `${quote(text)} is not an http or https address`;
  return undefined;
}

const checkUrls: Check<readonly string[]> = (given) => given.value.flatMap((text, index) => {
  const message = urlProblem(text);
  return message === undefined ? [] : [{ place: placeOf(given, index), message, code: 'url-invalid' }];
});

const checkName: Check<string> = (given) => {
  const message = nameProblem(given.value);
  return message === undefined ? [] : [{ place: placeOf(given), message, code: 'name-invalid' }];
};

const checkVersions: Check<{ readonly [component: string]: string }> = (given) => Object.entries(given.value).flatMap(([component, version]): readonly Problem[] => {
  const place = placeOf(given, component);
  if (!componentIds().includes(component)) return [{ place, message: unknown('component', component, componentIds()), code: 'component-unknown' }];
  return /^\d{1,4}\.\d{1,4}\.\d{1,4}(-[a-z]{1,20})?$/.test(version) ? [] : [{ place, message: `${quote(version)} is not a version such as 1.24.0`, code: 'version-invalid' }];
});

const checkContext = matches(/^[^\s\p{Cc}]+$/u, 'context-invalid', 'a name of a context');
const checkKubernetes = matches(/^1\.\d{1,3}(\.\d{1,3})?$/, 'version-invalid', 'a Kubernetes version such as 1.34.4');
const checkImage = matches(/^[a-z0-9][\w./:@-]*$/i, 'image-invalid', 'an image reference');
const checkDomain = matches(/^(auto|[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)$/, 'domain-invalid', 'a domain suffix such as 127.0.0.1.sslip.io');

function run<T>(check: Check<T>, given: Given<T> | undefined): readonly Problem[] {
  return given === undefined ? [] : check(given);
}

/** A context names its cluster, and with that what runs it. */
function checkContextAndProvider({ context, provider }: Layer): readonly Problem[] {
  if (context === undefined || provider === undefined || provider.value === CONTEXT_PROVIDER) return [];
  const message = `${quote(provider.value)} does not take a context, and ${context.origin} names ${quote(context.value)}: say one of the two`;
  return [{ place: placeOf(provider), message, code: 'context-invalid' }];
}

/** All problems of the settings in effect. */
export function checkSettings(settings: Layer): readonly Problem[] {
  return [
    ...run(checkName, settings.name), ...run(oneOf('preset', presetIds), settings.preset), ...run(oneOf('provider', providerIds), settings.provider),
    ...run(checkContext, settings.context), ...checkContextAndProvider(settings), ...run(checkContext, settings.allowRemote),
    ...run(checkKubernetes, settings.kubernetes), ...run(checkImage, settings.nodeImage),
    ...run(allOf('addon', addonNames), settings.addons), ...run(oneOf('ingress', ingressIds), settings.ingress),
    ...run(checkDomain, settings.domain), ...run(allOf('sample', sampleIds), settings.samples),
    ...run(checkUrls, settings.mirrors), ...run(checkVersions, settings.versions),
    ...run((given: Given<string>) => checkUrls({ ...given, value: [given.value] }), settings.proxy),
  ];
}
