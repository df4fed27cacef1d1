/** A thread of 100,000 messages written into a file and read back over HTTP. */
import { type Bench, Lab } from '../support/lab.ts';
import { sleep } from '../support/measure.ts';
import { newFolder, rssMb } from '../support/processes.ts';
import { seedThread } from '../support/seed.ts';
import { type Row, held, mb, ms } from '../support/table.ts';

const MESSAGES = 100_000;
const LOOK_EVERY_MS = 20;

interface Export {
  id: string;
  status: string;
  bytes: number;
  counts: { messages: number };
}

export async function history(bench: Bench): Promise<Row[]> {
  const folder = newFolder();
  const threadId = await seedThread(folder, MESSAGES);
  const lab = await Lab.open(bench, folder);
  const before = rssMb(lab.server.pid);
  let peak = before;
  const startedMs = performance.now();
  const { id } = await lab.kept.post<Export>(`/threads/${threadId}/exports`);
  const ended = async (): Promise<Export> => {
    for (;;) {
      const now = await lab.kept.get<Export>(`/exports/${id}`);
      peak = Math.max(peak, rssMb(lab.server.pid));
      if (now.status === 'completed') return now;
      if (now.status === 'failed') throw new Error('the export has failed');
      await sleep(LOOK_EVERY_MS);
    }
  };
  const { bytes, counts } = await ended();
  const exportMs = performance.now() - startedMs;
  if (counts.messages !== MESSAGES) throw new Error(`${counts.messages} messages were exported`);
  const readMs = performance.now();
  const response = await fetch(`${lab.server.baseUrl}/exports/${id}/content`, { headers: { authorization: 'Bearer sk-local' } });
  let read = 0;
  for await (const piece of response.body as ReadableStream<Uint8Array>) read += piece.byteLength;
  if (read !== bytes) throw new Error(`${read} bytes were read of ${bytes}`);
  peak = Math.max(peak, rssMb(lab.server.pid));
  const downloadMs = performance.now() - readMs;
  await lab.close();
  return [
    held('100,000 messages exported (JSON Lines)', exportMs, ms, { most: 60_000 }, ` for ${mb(bytes / 1e6)}`),
    { what: 'the same file downloaded', value: ms(downloadMs) },
    { what: 'memory before, and at most meanwhile (VmRSS)', value: `${mb(before)}, ${mb(peak)}` },
  ];
}
