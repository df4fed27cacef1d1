/** Puts a file again and again, of 4 MB of one letter, in one piece and in parts by turns, until it is killed. Prints each letter when its file is there. */
import { systemClock } from '../../../shared/domain/clock.ts';
import { makeBlobs } from '../../../shared/embedded/blobs.ts';

const blobs = makeBlobs(process.argv[2] ?? '', systemClock);
const KEY = 'exports/proj/exp.jsonl';

for (let n = 0; ; n++) {
  const letter = String.fromCharCode(97 + (n % 26));
  const bytes = Buffer.alloc(4 * 1024 * 1024, letter);
  if (n % 2 === 0) await blobs.put(KEY, bytes, 'application/jsonl');
  else {
    const upload = await blobs.begin(KEY, 'application/jsonl');
    await blobs.complete(KEY, upload, [{ number: 1, tag: await blobs.putPart(KEY, upload, 1, bytes) }]);
  }
  console.log(letter);
}
