/** Service bulletins: what they say is much alike, and only their numbers tell them apart. */
import { pick } from './pick.ts';
import { PRODUCTS } from './products.ts';

export interface Bulletin {
  id: string;
  text: string;
  question: string;
}

const CHANGES = [
  ['The supplier of the {part} has changed.', 'Stock of the former {part} is used up first.'],
  ['The controller gets firmware {version}.', 'Load it through the service port and restart the unit.'],
  ['A second washer is put under the {part}.', 'Retrofit units of earlier batches when they come in for service.'],
  ['The adhesive label of the {part} moves to the rear.', 'Customers need not be told.'],
] as const;
const ASKED = ['What does bulletin {number} change?', '{number}', 'which units does {number} concern', 'firmware {version}', 'batch {batch}: is there a bulletin?'] as const;

export const BULLETINS: readonly Bulletin[] = PRODUCTS.flatMap(({ name, code, part, seed }) =>
  [0, 1, 2].map((at) => {
    const values: Record<string, string> = {
      part,
      number: `SB-${1000 + seed * 97 + at * 2411}`,
      version: `${1 + (seed % 4)}.${10 + seed}.${at + 1}`,
      batch: `${String.fromCharCode(65 + (seed % 20))}${30_000 + seed * 613 + at * 7919}`,
    };
    const fill = (text: string) => text.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
    const change = CHANGES[pick(CHANGES.length, seed, at, 21)] ?? CHANGES[0];
    const question = ASKED[change[0].includes('{version}') ? 3 : [0, 1, 2, 4][pick(4, seed, at, 22)] ?? 0] ?? ASKED[0];
    const lines = [`Service bulletin {number} for the ${name} ${code}`, `It concerns units of batch {batch} and later.`, ...change, 'Note the number of this bulletin in the service record.'];
    return { id: `${name.toLowerCase()}-bulletin-${at + 1}`, text: fill(lines.join('\n')), question: fill(question) };
  }),
);
