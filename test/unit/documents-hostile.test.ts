/** Broken, lying and attacking documents: each has its clear error, or its text; none takes the process down, or longer than it may. */
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DocumentError } from '../../shared/ports/documents.ts';
import type { Hostile } from '../support/documents/hostile.ts';
import { hostileOffice } from '../support/documents/hostile-office.ts';
import { hostilePages } from '../support/documents/hostile-pages.ts';
import { hostileText } from '../support/documents/hostile-text.ts';
import { streamOf, textOf, useDocuments } from '../support/documents/reading.ts';

const makeDocuments = useDocuments();
/** Whoever fetches what a document names would come here. The port is taken when the suite begins, and the documents are made later. */
let asked = 0;
const trap = createServer((socket) => {
  asked++;
  socket.destroy();
});
const trapUrl = () => `http://127.0.0.1:${(trap.address() as AddressInfo).port}/x`;
beforeAll(() => new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  trap.close();
  expect(asked).toBe(0);
});

/** What a client must not be shown of us: files, stacks, parsers' names and words. */
const INNARDS = /\/|\\|node|Error|undefined|null|yauzl|mammoth|pdf\.?js|parse5|\bat \w+/;

async function meets(one: Hostile) {
  const { filename, fails, code = 'invalid_file' as const, text, without, limits } = one;
  const outcome = await textOf(makeDocuments({ timeMs: 60_000, ...limits }).read(filename, streamOf(one.content()))).catch((error: unknown) => error);
  if (typeof outcome === 'string') {
    if (!text) throw new Error(`it was read: ${outcome.slice(0, 100)}`);
    expect(outcome.length > 2000 ? outcome.slice(0, 1000) + outcome.slice(-1000) : outcome).toMatch(text);
    if (without) expect(outcome).not.toMatch(without);
    return;
  }
  if (!fails || !(outcome instanceof DocumentError)) throw outcome;
  expect(outcome.message).toMatch(fails);
  expect(outcome.message).not.toMatch(INNARDS);
  expect(outcome).toMatchObject({ code });
}

describe('text', () => {
  it.each(hostileText.map((one) => [one.name, one] as const))('%s', (_, one) => meets(one));
});

describe('documents that have parsers', () => {
  const named = new Map([...hostileOffice('http://trap'), ...hostilePages].map((one) => [one.name, one]));
  it.concurrent.each([...named.keys()])('%s', async (name) => {
    const one = [...hostileOffice(trapUrl()), ...hostilePages].find((other) => other.name === name);
    await meets(one as Hostile);
  });
});

it('are many', () => {
  expect(hostileText.length + hostilePages.length + hostileOffice('').length).toBeGreaterThan(80);
});
