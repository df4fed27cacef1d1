/** docs/run-lifecycle.md draws the transition table; a move in only one of the two is a lie in the other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { isActive, RUN_TRANSITIONS } from '../../shared/domain/run.ts';
import { aRun, RUN_STATUSES } from '../support/records.ts';

const doc = readFileSync(join(import.meta.dirname, '../../docs/run-lifecycle.md'), 'utf8');
const diagram = /```mermaid\s+stateDiagram-v2\s([\s\S]*?)```/.exec(doc)?.[1] ?? '';
const lines = diagram.split('\n').map((line) => line.trim()).filter((line) => line !== '');
const arrows = lines.map((line) => /^(\S+) --> (\S+)$/.exec(line)?.slice(1) ?? [line]);

it('the diagram is nothing but arrows', () => {
  expect(arrows.length).toBeGreaterThan(10);
  expect(arrows.filter((arrow) => arrow.length !== 2)).toEqual([]);
});

it('the diagram draws every move of the table, no other, and none twice', () => {
  const drawn = arrows.filter((arrow) => !arrow.includes('[*]')).map((arrow) => arrow.join(' --> '));
  const table = RUN_STATUSES.flatMap((from) => RUN_TRANSITIONS[from].map((to) => `${from} --> ${to}`));
  expect(drawn.toSorted()).toEqual(table.toSorted());
});

it('the diagram begins where runs begin and ends where they end', () => {
  expect(arrows.filter(([from]) => from === '[*]')).toEqual([['[*]', 'queued']]);
  const ends = arrows.filter(([, to]) => to === '[*]').map(([from]) => from);
  expect(ends.toSorted()).toEqual(RUN_STATUSES.filter((status) => !isActive(aRun(status))).toSorted());
});

it('the page says of every state who moves it on', () => {
  const described = doc.split('\n').filter((line) => line.startsWith('| `')).flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map((match) => match[1]));
  expect(described.toSorted()).toEqual(RUN_STATUSES.toSorted());
});
