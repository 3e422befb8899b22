// devstack addon: list what there is, add to and remove from a running stack, list the images of a stack.
import { findAddon, findKnownName, knownNameIds, refusal, addons as table } from '../../addons/index.ts';
import { addonNames, presetIds } from '../../config/catalog.ts';
import type { FlagValues } from '../../config/flag.ts';
import { stackFlags } from '../../config/stack-flags.ts';
import { suggest } from '../../config/suggest.ts';
import { isDevstackError, usageError } from '../../model/error.ts';
import { EXIT } from '../../model/exit.ts';
import type { Json } from '../../model/json.ts';
import type { Plan } from '../../model/plan.ts';
import { addonsText, imagesText } from '../../render/addons.ts';
import { count, formatDuration } from '../../render/text.ts';
import { type CommandContext, type CommandInput, defineCommand, type Outcome, yesFlag } from '../command.ts';
import { confirmDestructive } from '../confirm.ts';
import { planOutcome } from '../plan-outcome.ts';
import { RunTally } from '../run-tally.ts';
import { resolveStack, stackNamed } from '../stack-request.ts';
import type { AddonChange, AddonListing, UseCases } from '../use-cases.ts';

const ACTIONS = ['list', 'add', 'remove', 'images'] as const;
type Action = (typeof ACTIONS)[number];

const flags = {
  name: stackFlags.name, ingress: stackFlags.ingress, fit: stackFlags.fit, image: stackFlags.image, version: stackFlags.version,
  mirror: stackFlags.mirror, proxy: stackFlags.proxy, 'ca-file': stackFlags['ca-file'], timeout: stackFlags.timeout, config: stackFlags.config,
  'dry-run': { kind: 'boolean', summary: 'show the plan and stop' }, ...yesFlag,
} as const;
type Input = CommandInput<typeof flags>;
type Values = FlagValues<typeof flags>;

function actionOf(word: string | undefined): Action {
  const action = ACTIONS.find((known) => known === (word ?? 'list'));
  if (action !== undefined) return action;
  const meant = suggest(word ?? '', ACTIONS);
  throw usageError({
    code: 'command-line-invalid', message: `addon ${word}: there is ${ACTIONS.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    hints: [{ text: 'see how it is used', command: 'devstack help addon' }],
  });
}

/** The settings of a stack with these addons: preset, devstack.yaml and flags as `up` reads them. */
function settings(input: Input, context: CommandContext, chosen: { readonly preset: string; readonly addons: readonly string[] }) {
  const { yes: _yes, 'dry-run': _dryRun, ...rest }: Values = input.flags;
  return resolveStack({
    args: [chosen.preset], flags: { ...rest, with: chosen.addons }, originOf: (flag) => (flag === 'with' ? 'ADDON' : input.originOf(flag)),
  }, context);
}

function requireNames(names: readonly string[], action: Action): void {
  if (names.length > 0) return;
  throw usageError({ code: 'argument-missing', message: `addon ${action}: which one?`, hints: [{ text: 'see what there is', command: 'devstack addon list' }] });
}

/** Any addon can be removed by its name, an ingress too. */
function requireKnown(names: readonly string[]): void {
  const unknown = names.find((name) => findAddon(name) === undefined);
  if (unknown === undefined) return;
  const known = findKnownName(unknown);
  if (known !== undefined) throw refusal(known);
  const meant = suggest(unknown, [...table.map(({ id }) => id), ...addonNames()]);
  throw usageError({
    code: 'addon-unknown', message: `there is no addon ${JSON.stringify(unknown)}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
    hints: [{ text: 'see what there is', command: 'devstack addon list' }],
  });
}

function listOutcome(listing: AddonListing, context: CommandContext): Outcome {
  return {
    text: addonsText({ ...listing, others: knownNameIds }, context),
    result: { stack: listing.stack ?? null, addons: listing.addons as unknown as Json, known: [...knownNameIds] },
  };
}

/** Without a stack to look at, what there is can still be told. */
async function list(input: Input, context: CommandContext): Promise<Outcome> {
  const named = await stackNamed({ args: [], flags: input.flags, originOf: input.originOf }, context);
  try {
    const useCases = await context.useCases();
    return listOutcome(await useCases.addons(named, { emit: context.emit, signal: context.io.signal }), context);
  } catch (thrown) {
    if (named !== undefined || !isDevstackError(thrown) || thrown.exit === EXIT.interrupted) throw thrown;
    const { knownAddons } = await import('../addon-listing.ts');
    return listOutcome(knownAddons(), context);
  }
}

async function images(input: Input, context: CommandContext): Promise<Outcome> {
  const words = input.args.slice(1);
  const [first] = words;
  const preset = first !== undefined && presetIds().includes(first) ? first : words.length === 0 ? 'knative' : 'base';
  const { spec, network } = await settings(input, context, { preset, addons: words.filter((word) => word !== preset) });
  const useCases = await context.useCases(network);
  const found = await useCases.addonImages(spec, { emit: context.emit, signal: context.io.signal });
  return { text: imagesText(found, { ...context, isTable: context.columns !== undefined }), result: { images: found as unknown as Json } };
}

/** What was added has a page: how one gets there. */
function pageLines(plan: Plan): readonly string[] {
  const added = plan.steps.flatMap((step) => (step.kind === 'apply' ? findAddon(step.part) ?? [] : []));
  return added.filter(({ page }) => page !== undefined).map(({ id }) => `  see it: devstack open ${id} --name ${plan.stack}`);
}

function changeText(change: AddonChange, verb: string, plan: Plan): string {
  const { stack, changed, removed, kept, durationMs } = change;
  if (changed === 0) return `Nothing to do: stack ${stack} is as it should be\n`;
  const what = verb === 'removed' ? count(removed.length, 'object') : count(changed, 'step');
  return [
    `✔ ${verb} in ${formatDuration(durationMs)}: ${what}, stack ${stack}`,
    ...pageLines(plan),
    ...(kept.length === 0 ? [] : ['Kept, because it is not only ours:', ...kept.map((item) => `  - ${item.what}: ${item.reason}`)]),
  ].map((line) => `${line}\n`).join('');
}

async function change(plan: Plan, run: { readonly input: Input; readonly context: CommandContext; readonly verb: string; readonly timeoutMs: number; readonly useCases: UseCases }): Promise<Outcome> {
  const { input, context, verb, useCases } = run;
  if (input.flags['dry-run'] === true) return planOutcome(plan, context);
  await confirmDestructive(plan, { isYes: input.flags.yes === true, context });
  const tally = new RunTally();
  const timeout = AbortSignal.timeout(run.timeoutMs);
  const goOn = [{ text: 'go on from there', command: input.line }];
  try {
    const result = await useCases.changeAddons(plan, { emit: tally.listen(context.emit), signal: AbortSignal.any([context.io.signal, timeout]) });
    return {
      text: changeText(result, verb, plan),
      result: { stack: result.stack, changed: result.changed, removed: result.removed, kept: result.kept as unknown as Json, notes: result.notes, durationMs: result.durationMs },
    };
  } catch (thrown) {
    throw tally.ending(thrown, { goOn, afterFailure: goOn, timedOutMs: timeout.aborted && !context.io.signal.aborted ? run.timeoutMs : undefined });
  }
}

async function add(input: Input, context: CommandContext): Promise<Outcome> {
  const names = input.args.slice(1);
  requireNames(names, 'add');
  const { spec, network } = await settings(input, context, { preset: 'base', addons: names });
  const stack = await stackNamed({ args: [], flags: input.flags, originOf: input.originOf }, context);
  const useCases = await context.useCases(network);
  const plan = await useCases.planAddons({ spec, stack }, { emit: context.emit, signal: context.io.signal });
  return change(plan, { input, context, useCases, verb: 'added', timeoutMs: spec.timeoutMs });
}

async function remove(input: Input, context: CommandContext): Promise<Outcome> {
  const names = input.args.slice(1);
  requireNames(names, 'remove');
  requireKnown(names);
  const { spec } = await settings(input, context, { preset: 'base', addons: [] });
  const stack = await stackNamed({ args: [], flags: input.flags, originOf: input.originOf }, context);
  const useCases = await context.useCases();
  const plan = await useCases.planAddonRemoval({ stack, addons: names }, { emit: context.emit, signal: context.io.signal });
  return change(plan, { input, context, useCases, verb: 'removed', timeoutMs: spec.timeoutMs });
}

export const addon = defineCommand({
  arguments: [
    { name: 'action', summary: `${ACTIONS.join(', ')}; list without it`, known: () => ACTIONS },
    { name: 'addon', summary: 'addons; for images also a preset first', variadic: true, known: addonNames },
  ],
  flags,
  description: 'add installs addons and what they need into a running stack and leaves the rest as it is; remove takes them out again, the last installed first,'
    + ' with what people made of their kinds, and refuses while something else needs them. images lists every image that a stack may run.',
  examples: [
    { command: 'devstack addon list', summary: 'what there is, what it costs, what the stack has' },
    { command: 'devstack addon add eventing metrics-server', summary: 'on the stack that runs' },
    { command: 'devstack addon remove eventing --yes', summary: 'and without asking' },
    { command: 'devstack addon images knative', summary: 'one image a line, to pull ahead' },
  ],
  run(input, context) {
    switch (actionOf(input.args[0])) {
      case 'list': return list(input, context);
      case 'add': return add(input, context);
      case 'remove': return remove(input, context);
      case 'images': return images(input, context);
    }
  },
});
