/** What people ask of it: a table in, a chart and a table out. Needs Debian's python3-pandas and python3-matplotlib. */
import { beforeAll, expect, it } from '@jest/globals';
import type { Execution } from '../../shared/ports/sandbox.ts';
import { MB, alone, useSandbox } from './stage.ts';

const sandbox = useSandbox({ limits: { memoryBytes: 512 * MB } });

beforeAll(async () => {
  const { outcome, logs } = await alone(sandbox, 'import pandas, matplotlib', { timeoutMs: 60_000 });
  if (outcome !== 'ok') throw new Error(`These tests need pandas and matplotlib: apt-get install python3-pandas python3-matplotlib\n${logs}`);
});

/** Width and height, as its header says. */
const sizeOf = (png: Uint8Array | undefined) => {
  const bytes = Buffer.from(png ?? []);
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
};

it('reads a table, draws it, and writes another, over several calls and one error', async () => {
  const session = await sandbox.open();
  const run = (code: string): Promise<Execution> => sandbox.execute(session, code, { timeoutMs: 60_000 });
  await sandbox.put(session, 'sales.csv', new Blob(['month,units\nJan,3\nFeb,5\nMar,4\n']).stream());
  expect((await run("import pandas as pd\ndf = pd.read_csv('/mnt/data/sales.csv')\ndf")).logs).toBe('  month  units\n0   Jan      3\n1   Feb      5\n2   Mar      4\n');
  expect(await run("df['total'] = df['unit'].cumsum()")).toMatchObject({ outcome: 'error', logs: expect.stringMatching(/KeyError: 'unit'\n$/) as unknown, isOver: false });
  const fixed = await run("df['total'] = df['units'].cumsum()\ndf.to_csv('totals.csv', index=False)\nimport matplotlib.pyplot as plt\nfig, ax = plt.subplots(figsize=(4, 3), dpi=100)\nax.plot(df.month, df.total)\nplt.savefig('/mnt/data/chart.png')\nplt.show()");
  expect(fixed).toMatchObject({ outcome: 'ok', logs: '', files: [{ path: 'chart.png' }, { path: 'totals.csv' }] });
  expect(fixed.images.map(sizeOf)).toEqual([[400, 300]]);
  const [chart, table] = [await sandbox.read(session, 'chart.png'), await sandbox.read(session, 'totals.csv')];
  expect(sizeOf(new Uint8Array(await new Response(chart?.body).arrayBuffer()))).toEqual([400, 300]);
  expect(await new Response(table?.body).text()).toBe('month,units,total\nJan,3,3\nFeb,5,8\nMar,4,12\n');
  await sandbox.close(session);
});

it('shows figures where show() stands, those left open at the end, each once', async () => {
  const session = await sandbox.open();
  const images = async (code: string) => (await sandbox.execute(session, code, { timeoutMs: 60_000 })).images.map((png) => sizeOf(png)[0]);
  expect(await images("import matplotlib\nfrom matplotlib import pyplot as plt\ndef draw(width):\n  plt.figure(figsize=(width, 1), dpi=100); plt.plot([1, 2])\ndraw(2); draw(3); plt.show(); draw(4)")).toEqual([200, 300, 400]);
  expect(await images('plt.show()')).toEqual([]);
  expect(await images('draw(2); plt.close()')).toEqual([]);
  expect(await images('plt.figure()')).toEqual([]);
  expect(await images('draw(2); 1/0')).toEqual([]);
  expect(await images('draw(5)')).toEqual([500]);
  await sandbox.close(session);
});

it('draws what pandas draws, on several threads of numeric libraries, in its memory', async () => {
  const { outcome, images } = await alone(sandbox, "import numpy as np, pandas as pd\na = np.random.rand(1500, 1500)\n(a @ a).sum()\npd.Series(range(5)).plot(kind='bar');", { timeoutMs: 60_000 });
  expect([outcome, images.length]).toEqual(['ok', 1]);
});
