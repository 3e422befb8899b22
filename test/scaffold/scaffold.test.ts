import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFiles } from '../../src/host/files.ts';
import type { Files } from '../../src/ports.ts';
import { renderText, scaffold } from '../../src/scaffold/scaffold.ts';
import { findTemplate, listTemplates, type Template } from '../../src/scaffold/template.ts';

const files = createFiles();
let cwd: string;
let template: Template;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'devstack-scaffold-'));
  const root = join(cwd, '.templates');
  await mkdir(join(root, 'tiny', 'deep', 'er'), { recursive: true });
  const app = { schema: 1, name: 'app-name', port: 8080, kinds: ['knative'], probe: { path: '/', status: 200 } };
  const questions = [{ id: 'color', message: 'Colour', default: 'teal', pattern: '[a-z]+' }];
  await writeFile(join(root, 'tiny', 'devstack.template.json'), JSON.stringify({ title: 'Tiny', questions }));
  await writeFile(join(root, 'tiny', 'devstack.app.json'), JSON.stringify(app));
  await writeFile(join(root, 'tiny', 'Dockerfile'), 'FROM scratch\n# app-name in app-color\n');
  await writeFile(join(root, 'tiny', 'deep', 'er', 'x.yaml'), 'name: app-name-x\n');
  template = await findTemplate('tiny', root, files);
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const make = (directory: string, options: { name?: string; answers?: { [id: string]: string }; files?: Files } = {}) =>
  scaffold({ template, cwd, directory, answers: options.answers ?? {}, ...(options.name === undefined ? {} : { name: options.name }) }, options.files ?? files);
/** Everything below cwd but the templates, as one comparable value. */
const tree = async () => (await readdir(cwd, { recursive: true })).filter((path) => !path.startsWith('.templates')).sort();

describe('scaffold', () => {
  it('copies the files with the name and the answers in them', async () => {
    const made = await make('My App', { answers: { color: 'red' } });
    expect(made).toMatchObject({ name: 'my-app', directory: join(cwd, 'My App'), files: ['Dockerfile', 'deep/er/x.yaml', 'devstack.app.json'] });
    expect(await readFile(join(cwd, 'My App', 'Dockerfile'), 'utf8')).toBe('FROM scratch\n# my-app in red\n');
    expect(await readFile(join(cwd, 'My App', 'deep', 'er', 'x.yaml'), 'utf8')).toBe('name: my-app-x\n');
    expect(JSON.parse(await readFile(join(cwd, 'My App', 'devstack.app.json'), 'utf8'))).toMatchObject({ name: 'my-app' });
    expect(await tree()).not.toContainEqual(expect.stringContaining('.devstack-new'));
  });

  it('makes files that another user can read: a container runs as one', async () => {
    await make('app');
    expect((await stat(join(cwd, 'app', 'Dockerfile'))).mode & 0o777).toBe(0o644);
    expect((await stat(join(cwd, 'app', 'deep', 'er'))).mode & 0o555).toBe(0o555);
  });

  it('makes the folders above it', async () => {
    await make('a/b/cc');
    expect(await readdir(join(cwd, 'a', 'b', 'cc'))).toHaveLength(3);
  });

  it('fills an empty folder without replacing it, for a shell may stand in it', async () => {
    await mkdir(join(cwd, 'app'));
    const before = (await stat(join(cwd, 'app'))).ino;
    await make('app');
    expect((await stat(join(cwd, 'app'))).ino).toBe(before);
    expect((await readdir(join(cwd, 'app'))).sort()).toEqual(['Dockerfile', 'deep', 'devstack.app.json']);
  });

  it('lists what is in the way and writes nothing', async () => {
    await mkdir(join(cwd, 'app'));
    await writeFile(join(cwd, 'app', 'precious'), 'x');
    const before = await tree();
    await expect(make('app')).rejects.toMatchObject({ code: 'directory-not-empty', exit: 2, details: { files: ['precious'] } });
    expect(await tree()).toEqual(before);
  });

  it('says how to go on where an earlier run was killed', async () => {
    await mkdir(join(cwd, 'app', '.devstack-new-12345678'), { recursive: true });
    await expect(make('app')).rejects.toMatchObject({ code: 'directory-not-empty', hints: [{ command: 'rm -r .devstack-new-12345678' }] });
  });

  it.each(['file', 'link', 'dangling', 'file/below'])('refuses %s, which is not a folder', async (directory) => {
    await writeFile(join(cwd, 'file'), 'x');
    await mkdir(join(cwd, 'elsewhere'));
    await symlink(join(cwd, 'elsewhere'), join(cwd, 'link'));
    await symlink(join(cwd, 'nowhere'), join(cwd, 'dangling'));
    const before = await tree();
    await expect(make(directory, { name: 'app' })).rejects.toMatchObject({ code: 'directory-invalid' });
    expect(await tree()).toEqual(before);
  });

  it.each(['', 'a\nb', 'a\0b', 'a\u001b[31m', 'x'.repeat(256), `a/${'é'.repeat(128)}`])('refuses the folder %j', async (directory) => {
    await expect(make(directory, { name: 'app' })).rejects.toMatchObject({ code: 'directory-invalid', exit: 2 });
    expect(await tree()).toEqual([]);
  });

  it.each([['$(id)', 'id'], ['a b', 'a-b'], ['`xy`', 'xy'], ['-rf', 'rf'], ['x'.repeat(255), 'x'.repeat(40)], ['./a/../bb', 'bb']])('takes the folder %j', async (directory, name) => {
    expect((await make(directory)).name).toBe(name);
  });

  it('takes an absolute folder, and one above when that is what was typed', async () => {
    expect((await make(join(cwd, 'abs'))).directory).toBe(join(cwd, 'abs'));
    await mkdir(join(cwd, 'in'));
    expect((await scaffold({ template, cwd: join(cwd, 'in'), directory: '../beside', answers: {} }, files)).directory).toBe(join(cwd, 'beside'));
  });

  it.each(['日本', '/', '..'])('asks for a name where the folder %j gives none', async (directory) => {
    // `..` is judged by where it leads.
    const from = directory === '..' ? '/x' : cwd;
    await expect(scaffold({ template, cwd: from, directory, answers: {} }, files)).rejects.toMatchObject({ code: 'app-name-invalid' });
  });

  it.each([[{ colour: 'red' }], [{ color: '' }], [{ color: 'Red' }], [{ color: 'red\n' }], [{ color: 'null' }], [{ color: 'red"' }]])('refuses the answers %j', async (answers) => {
    await expect(make('app', { answers })).rejects.toMatchObject({ code: 'answer-invalid', exit: 2 });
    expect(await tree()).toEqual([]);
  });

  it.each(['absent', 'empty'])('leaves nothing behind when writing fails (folder %s)', async (state) => {
    if (state === 'empty') await mkdir(join(cwd, 'app'));
    const before = await tree();
    let writes = 0;
    const failing: Files = { ...files, write: async (...args) => {
      writes += 1;
      if (writes === 2) throw new Error('no space left');
      await files.write(...args);
    } };
    await expect(make(state === 'empty' ? 'app' : 'a/b', { name: 'app', files: failing })).rejects.toThrow('no space left');
    expect(await tree()).toEqual(before);
  });

  it('takes everything back when a file appears while it moves', async () => {
    await mkdir(join(cwd, 'app'));
    const racing: Files = { ...files, rename: async (from, to) => {
      await files.rename(from, to);
      await writeFile(join(cwd, 'app', 'devstack.app.json'), 'mine');
    } };
    await expect(make('app', { files: racing })).rejects.toMatchObject({ code: 'directory-not-empty' });
    expect(await readdir(join(cwd, 'app'))).toEqual(['devstack.app.json']);
    expect(await readFile(join(cwd, 'app', 'devstack.app.json'), 'utf8')).toBe('mine');
  });
});

describe('renderText', () => {
  const values = new Map([['name', 'web'], ['color', 'red']]);

  it.each([
    ['app-name', 'web'], ['dev.local/app-name:dev', 'dev.local/web:dev'], ['app-name_web app-name-ping', 'web_web web-ping'],
    ['my-app-name app-names app-server xapp-name', 'my-app-name app-names app-server xapp-name'], ['{app-name}{app-color}', '{web}{red}'],
  ])('makes of %j %j', (text, rendered) => {
    expect(renderText(text, values)).toBe(rendered);
  });

  it('changes nothing in a text without placeholders', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => text.includes('app-') || renderText(text, values) === text));
  });

  it('leaves no placeholder, whatever the name', () => {
    fc.assert(fc.property(fc.stringMatching(/^[a-z]{1,9}$/), fc.stringMatching(/^[a-z: \n$&]{0,20}$/), (name, around) => {
      return renderText(`${around} app-name ${around}`, new Map([['name', name]])) === `${around} ${name} ${around}`;
    }));
  });
});

describe('listTemplates', () => {
  it('lists folders that describe themselves, and only those', async () => {
    await mkdir(join(cwd, '.templates', 'other'));
    expect((await listTemplates(join(cwd, '.templates'), files)).map(({ id, title }) => [id, title])).toEqual([['tiny', 'Tiny']]);
  });

  it.each(['nothing', '../.templates/tiny', 'tiny/', '', '__proto__'])('does not know %j', async (id) => {
    await expect(findTemplate(id, join(cwd, '.templates'), files)).rejects.toMatchObject({ code: 'template-unknown', reason: 'there are tiny' });
  });
});
