/** Pictures that code in sessions of AgentCore has shown: how they are fetched, and what becomes of those that cannot be. */
import { describe, expect, it } from '@jest/globals';
import { MOST_IMAGE_BYTES, MOST_IMAGES } from '../../shared/ports/sandbox.ts';
import { useSandbox } from './aws-sandbox-stage.ts';

describe('pictures', () => {
  const stage = useSandbox();
  const plots = (count: number) => `import matplotlib.pyplot as plt\nfor n in range(${count}):\n  plt.figure(figsize=(1, 1)); plt.plot([n])`;

  it('of matplotlib come out, none too many', async () => {
    const session = await stage.sandbox.open();
    const { images, files, outcome } = await stage.run(plots(MOST_IMAGES + 2), session);
    expect({ outcome, files }).toEqual({ outcome: 'ok', files: [] });
    expect(images.map((png) => Buffer.from(png).subarray(1, 4).toString())).toEqual(Array.from({ length: MOST_IMAGES }, () => 'PNG'));
    expect((await stage.run('1', session)).images).toEqual([]);
  });

  it('that cannot be fetched are said to be missing', async () => {
    const session = await stage.sandbox.open();
    const { images, logs, isOver } = await stage.run(`${plots(2)}\nplt.show()\nimport os; os.unlink("/opt/amazon/genesis1p-tools/var/threadkeep/image-0")`, session);
    expect({ images: images.length, logs, isOver }).toEqual({ images: 1, logs: '\n[1 of the pictures could not be fetched]\n', isOver: false });
  });

  it('of a session that does not answer any more are asked for once, after the logs are told', async () => {
    const session = await stage.sandbox.open();
    const pieces: string[] = [];
    const before: string[][] = [];
    stage.core.plan('executeCode', { before: () => undefined });
    stage.core.plan('executeCode', {
      before: () => {
        before.push([...pieces]);
        stage.clock.advance(60_000);
      },
    });
    const { images, logs } = await stage.sandbox.execute(session, `print("said")\n${plots(3)}`, { onLogs: (text) => pieces.push(text) });
    expect({ images, before, pieces, joined: pieces.join('') }).toEqual({ images: [], before: [['said\n']], pieces: ['said\n', '\n[3 of the pictures could not be fetched]\n'], joined: logs });
    expect(stage.core.count('executeCode')).toBe(3);
  });

  it('that nobody waits for any more are not fetched', async () => {
    const session = await stage.sandbox.open();
    const gone = new AbortController();
    stage.core.plan('executeCode', { before: () => undefined });
    stage.core.plan('executeCode', { before: () => gone.abort(new Error('cancelled')) });
    await expect(stage.sandbox.execute(session, plots(3), { signal: gone.signal })).rejects.toThrow('cancelled');
    expect(stage.core.count('executeCode')).toBe(3);
  });

  const half = MOST_IMAGE_BYTES / 2;

  it('have room for so much together, and the logs say what was left out', async () => {
    const { images, logs } = await stage.run(`class Picture:\n  def __init__(self, bytes): self.bytes = bytes\n  def _repr_png_(self): return b"\\x89PNG\\r\\n\\x1a\\n" + bytes(self.bytes - 8)\ndisplay(Picture(${half}), Picture(${half + 1}), Picture(${half}), Picture(9))`);
    expect(images.map(({ length }) => length)).toEqual([half, half]);
    expect(logs).toBe([half + 1, 9].map((bytes) => `[a picture of ${bytes} bytes was left out: there were too many, or too large]\n`).join(''));
  });

  it('of which more are claimed than there is room for are none of them fetched', async () => {
    const session = await stage.sandbox.open();
    const forged = await stage.run(`import gc\nnext(one for one in gc.get_objects() if type(one).__name__ == 'Driver').images += [${half}, ${half + 1}]`, session);
    expect(forged).toMatchObject({ outcome: 'killed', images: [], isOver: true });
    expect(stage.core.count('executeCode')).toBe(2);
  });
});

describe('pictures of a matplotlib that the session has begun with', () => {
  const stage = useSandbox({ preloads: 'import matplotlib.pyplot' });

  it('come out', async () => {
    expect(await stage.run('import matplotlib.pyplot as plt; plt.plot([1, 2]); plt.show()')).toMatchObject({ outcome: 'ok', logs: '', images: [expect.any(Uint8Array)] });
  });
});
