/** Adds batches of twenty chunks to an index, tidying now and then, until it is killed: FOLDER, and how many batches are there. */
import { makeSearchIndex } from '../../../shared/embedded/search-index.ts';
import { vectorOf } from '../../support/scripted-vectors.ts';

const [folder = '', from = '0'] = process.argv.slice(2);
const place = { projectId: 'proj_a', vectorStoreId: 'vs_a' };
const index = makeSearchIndex(folder);
for (let batch = Number(from); ; batch++) {
  const chunks = Array.from({ length: 20 }, (_, n) => ({ seq: batch * 20 + n, text: `batch ${batch} chunk ${n}`, overlap: 0, vector: vectorOf(`batch ${batch} ${n}`, 32) }));
  await index.add(place, { fileId: 'file-written', indexId: 'index-written' }, chunks);
  console.log('added');
  if (batch % 2 === 0) void index.tidy(place).then(() => console.log('tidied'));
}
