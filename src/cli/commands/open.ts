// devstack open: the address of an app, asked, and opened in a browser.
import { failedError } from '../../model/error.ts';
import { appArgument, openApp, targetFlags } from '../app-flags.ts';
import { defineCommand } from '../command.ts';
import { endpointFields } from '../endpoint-fields.ts';
import { isInteractive } from '../io.ts';

export const open = defineCommand({
  arguments: [appArgument],
  flags: { ...targetFlags, print: { kind: 'boolean', summary: 'print the address only' } },
  description: 'Asks the app first: a browser that opens on nothing helps nobody. Where there is no terminal it prints the address.',
  examples: [{ command: 'devstack open app', summary: 'in the browser' }, { command: 'curl "$(devstack open app --print)"', summary: 'for scripts' }],
  async run(input, context) {
    const { ref, useCases, options } = await openApp(input, context);
    const endpoint = await useCases.appEndpoint(ref, options);
    if (!endpoint.verified) {
      throw failedError({
        code: 'app-silent', message: `${endpoint.url} does not answer as it should`, ...(endpoint.reason === undefined ? {} : { reason: endpoint.reason }),
        hints: [{ text: 'see what it says', command: `devstack logs ${ref.app}` }],
      });
    }
    if (input.flags.print !== true && !context.isJson && isInteractive(context.io.stdout, context.io.env)) await useCases.openUrl(endpoint.url, options);
    return { text: `${endpoint.url}\n`, result: { app: ref.app, stack: ref.stack, endpoints: [endpointFields(endpoint)] } };
  },
});
