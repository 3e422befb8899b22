// Names that are no addon of ours, where the settings are checked: refused before anything is read from the machine.
import { expect, test } from 'vitest';
import { resolve } from '../../src/config/resolve.ts';

const wanted = (words: readonly string[], ingress = 'kourier') => () => resolve([{ addons: { value: words, origin: '--with' }, ingress: { value: ingress, origin: '--ingress' } }]);

test('a name from an older book is refused with what to take instead', () => {
  expect(wanted(['kubeless'])).toThrow(expect.objectContaining({
    code: 'addon-archived', exit: 2, message: expect.stringMatching(/^--with: Kubeless is archived: archived in 2021-12/),
    hints: expect.arrayContaining([expect.objectContaining({ command: 'devstack up knative' })]),
  }));
  expect(wanted([], 'gloo')).toThrow(expect.objectContaining({
    code: 'addon-ended', hints: [expect.objectContaining({ command: 'devstack up knative --ingress kourier' }), expect.objectContaining({ command: 'devstack up knative --ingress gateway-api' })],
  }));
});

test('short names of addons are names', () => {
  expect(wanted(['eventing', 'hpa'])().spec.addons).toEqual(['knative-serving', 'eventing', 'hpa']);
});

test('an unknown one is told with the near one, an ingress with its flag', () => {
  expect(wanted(['eventin'])).toThrow(expect.objectContaining({ code: 'addon-unknown', message: expect.stringContaining('did you mean eventing?') }));
  expect(wanted(['kourier'])).toThrow(expect.objectContaining({ message: expect.stringContaining('choose it by --ingress kourier') }));
});

test('a version may have a channel, and nothing that leads elsewhere', () => {
  const named = (version: string) => () => resolve([{ versions: { value: { 'gateway-api': version }, origin: '--version' } }]);
  expect(named('1.4.1-experimental')().spec.versions).toEqual({ 'gateway-api': '1.4.1-experimental' });
  expect(named('1.4.1-../../x')).toThrow(expect.objectContaining({ code: 'version-invalid' }));
});
