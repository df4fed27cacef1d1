/** docs/api.md names every URL that there is, and no page one that there is not. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from '@jest/globals';
import { routes } from '../../shared/http/routes.ts';

const root = join(import.meta.dirname, '../..');
const pages = ['README.md', ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
const read = (page: string): string => readFileSync(join(root, page), 'utf8');

/** Without the names of parameters, in whichever way they are written. */
const plain = (method: string, path: string): string => `${method} ${path.replace(/\/(:\w+(\{.*?\})?|\{[^}]*\})/g, '/{}')}`;
const all = routes.map(([method, path]) => plain(method, `/v1${path}`));

/** `GET /v1/…` as pages write it; ids of an example are no parameters. */
const said = (page: string): string[] => [...read(page).matchAll(/\b(GET|POST|PUT|PATCH|DELETE) (\/v1\/[\w/{}-]+)/g)].map(([, method = '', path = '']) => plain(method, path));

it('docs/api.md names every URL', () => {
  expect(all.filter((route) => !said('docs/api.md').includes(route))).toEqual([]);
});

it.each(pages)('%s names no URL that there is not', (page) => {
  expect(said(page).filter((route) => !all.includes(route))).toEqual([]);
});

it.each(pages)('%s leads to pages that are there', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, to = '']) => to);
  expect(links.filter((to) => !existsSync(join(root, dirname(page), to)))).toEqual([]);
});
