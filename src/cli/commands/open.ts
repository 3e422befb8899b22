// devstack open: the address of an app, asked, and opened in a browser; or the page of an addon, over loopback for as long as the command runs.
import type { Addon } from '../../addons/addon.ts';
import { findAddon } from '../../addons/index.ts';
import { failedError, isDevstackError } from '../../model/error.ts';
import { formatDuration } from '../../render/text.ts';
import { type AppRun, openApp, targetFlags, targetStack } from '../app-flags.ts';
import { type CommandContext, type CommandInput, defineCommand, type Outcome } from '../command.ts';
import { endpointFields } from '../endpoint-fields.ts';
import { isInteractive } from '../io.ts';
import type { OpenedPage } from '../use-cases.ts';

const flags = {
  ...targetFlags, print: { kind: 'boolean', summary: 'print the address only' },
  port: { kind: 'integer', min: 1, max: 65_535, short: 'p', placeholder: 'PORT', summary: 'for an addon: port on 127.0.0.1; without it any that is free' },
} as const;
type Input = CommandInput<typeof flags>;

function wantsBrowser(input: Input, context: CommandContext): boolean {
  return input.flags.print !== true && !context.isJson && isInteractive(context.io.stdout, context.io.env);
}

async function openAppPage(input: Input, context: CommandContext, { ref, useCases, options }: AppRun): Promise<Outcome> {
  const endpoint = await useCases.appEndpoint(ref, options);
  if (!endpoint.verified) {
    throw failedError({
      code: 'app-silent', message: `${endpoint.url} does not answer as it should`, ...(endpoint.reason === undefined ? {} : { reason: endpoint.reason }),
      hints: [{ text: 'see what it says', command: `devstack logs ${ref.app}` }],
    });
  }
  const isShown = wantsBrowser(input, context);
  const url = isShown ? await useCases.pageOf(endpoint, options) : endpoint.url;
  if (isShown) await useCases.openUrl(url, options);
  return { text: `${url}\n`, isValue: true, result: { app: ref.app, stack: ref.stack, endpoints: [endpointFields(endpoint)] } };
}

function tellToken(addon: Addon, { token, tokenSeconds }: OpenedPage, context: CommandContext): void {
  if (token === undefined) return;
  const { name, namespace } = addon.page?.account ?? { name: '', namespace: '' };
  context.emit({ type: 'note', message: `it asks for a token, with which one may do everything in this cluster for ${formatDuration(tokenSeconds * 1000)}` });
  if (context.showSecret(`${token}\n`)) return;
  context.emit({ type: 'note', message: `it is shown on a terminal only; elsewhere: kubectl create token ${name} --namespace ${namespace}` });
}

async function openAddonPage(input: Input, context: CommandContext, addon: Addon): Promise<Outcome> {
  const useCases = await context.useCases();
  const options = { emit: context.emit, signal: context.io.signal };
  const opened = await useCases.openAddon({ addon, stack: await targetStack(input, context), port: input.flags.port }, options);
  context.emit({ type: 'note', message: `${addon.title} of stack ${opened.stack} answers at ${opened.url} on this machine only; Ctrl-C ends it` });
  tellToken(addon, opened, context);
  if (wantsBrowser(input, context)) await useCases.openUrl(opened.url, options);
  await opened.ended;
  return { result: { addon: addon.id, stack: opened.stack, url: opened.url } };
}

/** An app goes before an addon of the same name. */
async function findTarget(input: Input, context: CommandContext): Promise<AppRun | Addon> {
  try {
    return await openApp(input, context);
  } catch (thrown) {
    const addon = findAddon(input.args[0] ?? '');
    if (addon === undefined || !isDevstackError(thrown) || thrown.code !== 'app-missing') throw thrown;
    return addon;
  }
}

export const open = defineCommand({
  arguments: [{ name: 'name', summary: 'an app, or an addon with a page of its own: dashboard, monitoring', required: true }],
  flags,
  description: 'Asks the app first: a browser that opens on nothing helps nobody. Where there is no terminal it prints the address. The page of an addon is'
    + ' reached over a port of 127.0.0.1 until Ctrl-C; a token that it asks for is made for the occasion, shown on the terminal and kept nowhere.',
  examples: [
    { command: 'devstack open app', summary: 'in the browser' }, { command: 'curl "$(devstack open app --print)"', summary: 'for scripts' },
    { command: 'devstack open dashboard', summary: 'the cluster in the browser, once the addon is there' },
  ],
  async run(input, context) {
    const target = await findTarget(input, context);
    return 'ref' in target ? openAppPage(input, context, target) : openAddonPage(input, context, target);
  },
});
