// devstack images: images of the local engine into the nodes of a stack.
import { usageError } from '../../model/error.ts';
import { targetFlags, targetStack } from '../app-flags.ts';
import { defineCommand } from '../command.ts';

const ACTIONS = ['load'] as const;

export const images = defineCommand({
  arguments: [{ name: 'action', summary: ACTIONS.join(', '), known: () => ACTIONS }, { name: 'image', summary: 'images that the local engine has', variadic: true }],
  flags: targetFlags,
  description: 'A node that has the very image is left alone; of an image that it lacks, only layers that it lacks are sent. deploy does this by itself for what it builds. A'
    + ' manifest that is to use such an image needs imagePullPolicy IfNotPresent, and for Knative a name that begins with dev.local/.',
  examples: [{ command: 'devstack images load dev.local/app:v1', summary: 'one that was built by hand' }, { command: 'devstack images load redis:8 busybox:1.37', summary: 'before a lesson without a network' }],
  async run(input, context) {
    const [action, ...wanted] = input.args;
    if (action !== 'load') {
      throw usageError({
        code: action === undefined ? 'argument-missing' : 'command-line-invalid', message: `images: there is ${ACTIONS.join(', ')}`,
        hints: [{ text: 'see how it is used', command: 'devstack help images' }],
      });
    }
    if (wanted.length === 0) throw usageError({ code: 'argument-missing', message: 'images load: which one?', hints: [{ text: 'see what there is', command: 'docker image ls' }] });
    const stack = await targetStack(input, context);
    const useCases = await context.useCases();
    const { loaded, present, stack: found } = await useCases.loadImages(stack, wanted, { emit: context.emit, signal: context.io.signal });
    const lines = [...loaded.map((image) => `${context.paint('green', '✔')} ${image} is in the nodes of ${found}`), ...present.map((image) => `  ${image} was there already`)];
    return { text: `${lines.join('\n')}\n`, result: { stack: found, loaded: [...loaded], present: [...present] } };
  },
});
