import { describe, expect, it } from '@jest/globals';
import type { CodeCall, FileSearchCall, FunctionCall, RunStep, ToolCall } from '../../shared/domain/run-step.ts';
import { shownCalls } from '../../shared/engine/show-results.ts';
import { countTokens } from '../../shared/tools/tokens.ts';
import { callOf, openStep } from './sample-records.ts';

// What the model is shown of code that it had executed: all of it where that fits, and never more than its share of the window.

const names = { search: 'file_search', code: 'code_interpreter' };
const code = (input: string, logs?: string, more: Partial<CodeCall> = {}): CodeCall => ({ id: 'call_1', type: 'code_interpreter', input, outputs: logs === undefined ? [] : [{ type: 'logs', logs }], ...more });
const image = (fileId: string) => ({ type: 'image' as const, fileId });
const file = (path: string, bytes = 12) => ({ path, fileId: 'file-1', bytes });
const search: FileSearchCall = { id: 'call_s', type: 'file_search', arguments: '{}', rankingOptions: { ranker: 'auto', score_threshold: 0 }, ordinal: 0, results: [{ fileId: 'file-1', filename: 'a.txt', score: 1, attributes: {}, text: 'Found.' }] };

const stepOf = (...toolCalls: ToolCall[]): RunStep => openStep({ type: 'tool_calls', toolCalls });

/** The calls of each step, in order. */
async function shownOf(steps: RunStep[], limit = 100_000, share = 1): Promise<FunctionCall[][]> {
  const shown = await shownCalls(steps, names, { limit, share });
  return steps.map(({ id }) => shown.get(id) ?? []);
}
const shown = async (call: CodeCall, limit?: number, share?: number): Promise<FunctionCall> => (await shownOf([stepOf(call)], limit, share))[0]?.[0] ?? callOf('none');
const outputOf = async (call: CodeCall, limit?: number): Promise<string> => (await shown(call, limit)).output ?? '';
const codeIn = ({ arguments: args }: FunctionCall): unknown => (JSON.parse(args) as { code: unknown }).code;
const tokensOf = async (calls: FunctionCall[]): Promise<number> => (await Promise.all(calls.map(async ({ arguments: args, output = '' }) => (await countTokens(args)) + (await countTokens(output))))).reduce((sum, tokens) => sum + tokens, 0);

const line = (n: number): string => `line ${n}: the quick brown fox 🦊 jumps over the lazy dog\n`;
const lines = (count: number): string => Array.from({ length: count }, (_, n) => line(n)).join('');

describe('code that was executed', () => {
  it('is a call of a function, by the name that it was offered under', async () => {
    const [calls] = await shownOf([stepOf(code('print("Łódź")\n', 'Łódź\n'))]);
    expect(calls).toEqual([{ id: 'call_1', type: 'function', name: 'code_interpreter', arguments: '{"code":"print(\\"Łódź\\")\\n"}', output: 'Łódź' }]);
  });

  it.each<[string, CodeCall, string]>([
    ['came to nothing', code('x = 1'), '(no output)'],
    ['printed blank lines alone', code('print()', '\n\n'), '(no output)'],
    ['begins with blanks', code('print(t)', '   a  b\n0  1  2\n\n'), '   a  b\n0  1  2'],
    ['came to nothing in a new session', code('x = 1', undefined, { note: 'Variables are lost.' }), 'Variables are lost.\n\n(no output)'],
    ['shows images alone', code('show()', undefined, { outputs: [image('file-1'), image('file-2')] }), '[image 1 was shown to the user]\n[image 2 was shown to the user]'],
    [
      'has everything',
      code('f()', undefined, { note: 'Variables are lost.', outputs: [{ type: 'logs', logs: '2\n' }, image('file-1')], files: [file('x.csv'), file('a/my file.txt', 0)] }),
      'Variables are lost.\n\n2\n\n[image 1 was shown to the user]\n\nFiles written: /mnt/data/x.csv (12 bytes), /mnt/data/a/my file.txt (0 bytes); link to one as [x.csv](sandbox:/mnt/data/x.csv)',
    ],
    ['has a file with a name that links cannot have', code('f()', undefined, { files: [file('a/100% <my> file.txt')] }), 'Files written: /mnt/data/a/100% <my> file.txt (12 bytes); link to one as [100% <my> file.txt](sandbox:/mnt/data/a/100%25%20%3Cmy%3E%20file.txt)'],
    ['was cut off', { id: 'call_1', type: 'code_interpreter', input: 'x =' }, 'This code was not executed.'],
    ['was cut off for a reason', { id: 'call_1', type: 'code_interpreter', input: 'x =', note: 'There is no sandbox.' }, 'There is no sandbox.'],
  ])('that %s says so', async (_what, call, output) => {
    expect(await outputOf(call)).toBe(output);
  });

  it('names its first files alone when it wrote many', async () => {
    const output = await outputOf(code('f()', undefined, { files: Array.from({ length: 100 }, (_, n) => file(`${n}.csv`)) }));
    expect(output).toMatch(/^Files written: \/mnt\/data\/0\.csv .*\/mnt\/data\/19\.csv \(12 bytes\), 80 more; link to one as \[0\.csv\]\(sandbox:\/mnt\/data\/0\.csv\)$/);
  });

  it('names fewer files when their names are too long for the window, and in the end none', async () => {
    const call = code('f()', 'Done.', { files: Array.from({ length: 40 }, (_, n) => file(`${n}${'_x9'.repeat(80)}.csv`)) });
    expect(await outputOf(call, 800)).toBe('Done.\n\nFiles written: 40');
    expect(await outputOf(call, 8000)).toMatch(/^Done\.\n\nFiles written: \/mnt\/data\/0_x9[^,]*, \/mnt\/data\/1_x9[^,]*, 38 more; link to one as \[0_x9/);
  });

  it('keeps no lone halves of characters, wherever they come from', async () => {
    const call = await shown(code('a\ud800', 'b\udc00'));
    expect([call.arguments, call.output]).toEqual(['{"code":"a\ufffd"}', 'b\ufffd']);
  });
});

describe('brackets like those of citations', () => {
  it('stay as they are where nothing can be cited', async () => expect(await outputOf(code('f()', '【重要】'))).toBe('【重要】'));

  it('are replaced where the run has searched', async () => {
    const [, calls] = await shownOf([stepOf(search), stepOf(code('print("【0:0†a.txt】")', '【0:0†a.txt】'))]);
    expect(calls?.[0]).toMatchObject({ arguments: '{"code":"print(\\"【0:0†a.txt】\\")"}', output: '〔0:0†a.txt〕' });
  });
});

describe('long logs', () => {
  const logs = lines(5000);

  it('are cut to their share: the beginning and the end stay, and how much is missing is said', async () => {
    const call = await shown(code('f()', logs));
    const [, head = '', missing = '', tail = ''] = /^([^]*)\n\[… (\d+) characters are left out here …\]\n([^]*)$/.exec(call.output ?? '') ?? [];
    expect([logs.startsWith(head), logs.trimEnd().endsWith(tail), head.isWellFormed(), tail.isWellFormed()]).toEqual([true, true, true, true]);
    expect([...head].length + Number(missing) + [...tail].length).toBe([...logs.trimEnd()].length);
    const tokens = await tokensOf([call]);
    expect(tokens).toBeLessThanOrEqual(16_000);
    expect(tokens).toBeGreaterThan(12_000);
  });

  it.each([
    [10_000, 2500],
    [1000, 250],
    [400, 100],
  ])('of a window of %i tokens have at most a quarter', async (limit, most) => {
    const call = await shown(code('f()', logs), limit);
    expect(await tokensOf([call])).toBeLessThanOrEqual(most);
    expect(call.output).toContain('left out here');
  });

  it('are shorter when the model found the prompt too long', async () => {
    const [whole, less] = [await shown(code('f()', logs)), await shown(code('f()', logs), 100_000, 0.5)];
    expect(await tokensOf([less])).toBeLessThanOrEqual((await tokensOf([whole])) * 0.6);
  });

  it('of one sort of text that is dearer than the rest still fit', async () => {
    const call = await shown(code('f()', ' '.repeat(50_000) + Array.from({ length: 20_000 }, (_, n) => String.fromCodePoint(0x4e00 + ((n * 7919) % 20_000))).join('')));
    expect(await tokensOf([call])).toBeLessThanOrEqual(16_000);
  });

  it('leave the code whole, unless that is most of it', async () => {
    const input = lines(100);
    expect(codeIn(await shown(code(input, logs)))).toBe(input);
    expect(codeIn(await shown(code(input, logs), 1000))).toMatch(/^line 0:[^]*\n# \d+ characters of this code are left out here\.\n[^]*dog\n$/);
  });
});

describe('long code', () => {
  const input = `print("""${lines(5000)}""")`;

  it('is cut within its share too, as JSON still, and leaves room for what came of it', async () => {
    const call = await shown(code(input, 'Done.'));
    expect(codeIn(call)).toMatch(/^print\("""line 0:[^]*\n# \d+ characters of this code are left out here\.\n[^]*"""\)$/);
    expect(call.output).toBe('Done.');
    expect(await tokensOf([call])).toBeLessThanOrEqual(16_000);
  });

  it('shares with long logs', async () => {
    const call = await shown(code(input, lines(5000)));
    expect(await tokensOf([call])).toBeLessThanOrEqual(16_000);
    expect(await countTokens(call.output ?? '')).toBeGreaterThan(3000);
    expect(await countTokens(call.arguments)).toBeGreaterThan(9000);
  });
});

describe('many steps', () => {
  it('have half the window together, the newest first', async () => {
    const steps = Array.from({ length: 12 }, (_, n) => stepOf(code(`# ${n}\n${lines(100)}`, lines(300))));
    const calls = (await shownOf(steps, 40_000)).flat();
    const newest = calls.at(-1);
    expect(newest && codeIn(newest)).toBe(`# 11\n${lines(100)}`);
    expect(calls[0]).toMatchObject({ arguments: '{"code":"# This code is no longer at hand."}', output: expect.stringMatching(/no longer at hand/) });
    expect(await tokensOf(calls)).toBeLessThanOrEqual(20_000 + 12 * 40);
    expect(await tokensOf(calls)).toBeGreaterThan(17_000);
  });

  it('share it with searches', async () => {
    const searched = stepOf({ ...search, results: Array.from({ length: 50 }, () => ({ fileId: 'file-1', filename: 'a.txt', score: 1, attributes: {}, text: lines(20) })) });
    const steps = Array.from({ length: 4 }, (_, n) => [searched, stepOf(code(`# ${n}`, lines(2000)))]).flat().map((step, n) => ({ ...step, id: `step_${n}` }));
    const calls = (await shownOf(steps, 40_000)).flat();
    expect(await tokensOf(calls)).toBeLessThanOrEqual(20_000 + 8 * 40);
    expect(calls.at(-2)?.output).toContain('【0:0†a.txt】');
    expect(calls[0]?.output).toContain('no longer at hand');
  });

  it('leave functions as they are', async () => {
    const call = callOf('f', { arguments: lines(1000), output: lines(1000) });
    expect((await shownOf([stepOf(call), stepOf(code('1', '1'))], 1000))[0]).toEqual([call]);
  });
});
