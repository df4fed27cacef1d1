/** A process that reads a document which has no end: `endless-reader.ts <folder> <time limit in ms>`. To be killed. */
import { makeDocuments } from '../../../shared/documents/index.ts';
import { doc } from './doc.ts';

const [folder = '', timeMs] = process.argv.slice(2);
const content = new Blob([new Uint8Array(doc('Hello', { loop: true }))]).stream();
for await (const piece of makeDocuments({ folder, limits: { timeMs: Number(timeMs) } }).read('a.doc', content)) process.stdout.write(piece);
