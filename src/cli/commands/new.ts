// devstack new: a folder with an app in it, from a template.
import { join, relative, resolve } from 'node:path';
import { type Problem, problemsError } from '../../config/problem.ts';
import { usageError } from '../../model/error.ts';
import { table } from '../../render/table.ts';
import { count } from '../../render/text.ts';
import { type Scaffolded, scaffold } from '../../scaffold/scaffold.ts';
import { findTemplate, listTemplates, problemOfAnswer, type Template } from '../../scaffold/template.ts';
import { type CommandContext, defineCommand, type Outcome, yesFlag } from '../command.ts';
import { composeConfig } from '../compose-config.ts';
import { readPairs } from '../pairs.ts';
import { templatesFolder } from '../templates-folder.ts';

function listing(templates: readonly Template[], context: CommandContext): Outcome {
  const rows = templates.map(({ id, title, app }) => [id, title, app.kinds.join(', ')]);
  return {
    text: `${table(rows, { columns: context.columns, paint: context.paint, styles: ['bold', undefined, 'dim'] }).join('\n')}\n`,
    result: { templates: templates.map(({ id, title, app, questions }) => ({ id, title, kinds: [...app.kinds], port: app.port, questions: questions.map((question) => ({ ...question })) })) },
  };
}

async function chooseTemplate(named: string | undefined, templates: readonly Template[], context: CommandContext): Promise<string> {
  if (named !== undefined) return named;
  if (!context.prompts.isAvailable) {
    throw usageError({
      code: 'answer-missing', message: 'Which template? Nobody can be asked here (no terminal, CI, --json or --yes)', reason: `there are ${templates.map(({ id }) => id).join(', ')}`,
      hints: [{ text: 'name one', command: 'devstack new flask-time my-app' }],
    });
  }
  return context.prompts.choose('Which template?', templates.map(({ id }) => id), { flag: 'TEMPLATE' });
}

/** Asks what the template wants to know and no flag has said; without a person, defaults hold. */
async function answersFor(template: Template, given: { readonly [id: string]: string }, context: CommandContext): Promise<{ readonly [id: string]: string }> {
  const answers: { [id: string]: string } = { ...given };
  if (!context.prompts.isAvailable) return answers;
  for (const question of template.questions) {
    answers[question.id] ??= await context.prompts.text(question.message, {
      default: question.default, flag: `--set ${question.id}=…`, problemOf: (answer) => problemOfAnswer(question, answer),
    });
  }
  return answers;
}

function madeText({ directory, files, name }: Scaffolded, template: Template, { io, paint }: CommandContext): string {
  const place = relative(io.cwd, directory);
  const steps = [...(place === '' ? [] : [`cd ${place.includes(' ') ? `'${place}'` : place}`]), 'devstack deploy'];
  const next = steps.map((step, index) => `  ${index === 0 ? 'next' : '    '}  ${step}\n`).join('');
  return `${paint('green', '✔')} ${paint('bold', name)} is made from ${template.id}: ${count(files.length, 'file')} in ${place === '' ? 'this folder' : place}\n\n${next}`;
}

export const newApp = defineCommand({
  arguments: [{ name: 'template', summary: 'what to start from; asked for when it is left out' }, { name: 'directory', summary: 'the folder to make; named after the template when it is left out' }],
  flags: {
    list: { kind: 'boolean', summary: 'list the templates' },
    name: { kind: 'text', placeholder: 'NAME', summary: 'name of the app; by default it comes from the folder' },
    set: { kind: 'list', hasCommas: true, placeholder: 'KEY=VALUE', summary: 'answer to a question of the template' },
    ...yesFlag,
  },
  description: 'The folder must be absent or empty: nothing is ever overwritten. What it gets is a whole small project: source with tests, Dockerfile, and the manifests one'
    + ' would write by hand. devstack deploy in it builds and runs it.',
  examples: [
    { command: 'devstack new flask-time app && cd app && devstack deploy', summary: 'from nothing to an answer' },
    { command: 'devstack new --list', summary: 'what there is' },
    { command: 'devstack new flask-time --set timezone=Asia/Tokyo --yes', summary: 'without a question' },
  ],
  async run(input, context) {
    const { files } = await composeConfig();
    const root = await templatesFolder(files);
    const templates = await listTemplates(root, files);
    if (input.flags.list === true) return listing(templates, context);
    const problems: Problem[] = [];
    const given = readPairs(input.flags.set, '--set', problems);
    if (problems.length > 0) throw problemsError(problems);
    const id = await chooseTemplate(input.args[0], templates, context);
    const template = await findTemplate(id, root, files);
    const directory = input.args[1] ?? (context.prompts.isAvailable ? await context.prompts.text('Which folder?', { default: template.id, flag: 'DIRECTORY' }) : template.id);
    const answers = await answersFor(template, given, context);
    const made = await scaffold({ template, directory, cwd: context.io.cwd, answers, ...(input.flags.name === undefined ? {} : { name: input.flags.name }) }, files);
    return { text: madeText(made, template, context), result: { template: template.id, app: made.name, directory: resolve(made.directory), files: made.files.map((file) => join(file)) } };
  },
});
