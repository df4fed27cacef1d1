import { describe, expect, test } from '@jest/globals';
import { execute, imagesOf, newCoder } from '../code-interpreter.ts';
import { type Line, exported, linesOf } from '../exports.ts';
import type { Stage } from '../stage.ts';

const DRAWN = ["open('x.csv', 'w').write('a,b')", 'import matplotlib.pyplot as plt', 'figure, axes = plt.subplots(figsize=(1, 1))', 'axes.plot([1, 2])', 'plt.show()', "print('drawn')"].join('\n');

const dataOf = (lines: Line[], type: string) => lines.filter((line) => line.type === type).map(({ data }) => data);

let last = 0;

export function codeInterpreterHistories(use: () => Stage): void {
  describe('an export of code that was executed', () => {
    test('has all of it, and one session of each run that executed some; an import of it comes to the same', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const drawn = await execute(stage, pair, DRAWN, 'x');
      await execute(stage, pair);

      const file = await exported(stage, `/threads/${pair.thread_id}/exports`);
      const lines = linesOf(file);
      expect(dataOf(lines, 'run').map(({ code_interpreter_sessions: sessions }) => sessions)).toEqual([1, 0]);
      const [step] = drawn.steps;
      const [image] = imagesOf(step);
      const [exportedStep] = dataOf(lines, 'step');
      expect(exportedStep?.['step_details']).toMatchObject({
        tool_calls: [
          {
            type: 'code_interpreter',
            code_interpreter: { input: DRAWN, outputs: [{ type: 'logs', logs: 'drawn\n' }, { type: 'image', image: { file_id: image } }], files: [{ path: 'x.csv', file_id: expect.stringMatching(/^file-/), bytes: 3 }] },
          },
        ],
      });
      // What the files are stands with the message that shows them.
      const named = dataOf(lines, 'message').find(({ files }) => files !== undefined)?.['files'];
      expect(named).toEqual([expect.objectContaining({ id: image, purpose: 'assistants_output' }), expect.objectContaining({ filename: 'x.csv', purpose: 'assistants_output', bytes: 3 })]);

      const key = await stage.server.createKey(`proj_code_histories_${++last}`);
      const answer = await stage.http('POST', '/imports', { key, text: file, headers: { 'content-type': 'application/x-ndjson' }, unchecked: true });
      expect(answer).toMatchObject({ status: 200, body: { refused: [], end: 'matches' } });
      // The files stay in their own project.
      const without = lines.map((line) => ({ ...line, ...(line.type === 'message' && { data: { ...line.data, files: undefined } }) }));
      expect(linesOf(await exported(stage, '/exports', {}, key))).toEqual(JSON.parse(JSON.stringify(without)));
    });

    test('shows people the code, what it printed and what it made', async () => {
      const stage = use();
      const pair = await newCoder(stage);
      const { steps } = await execute(stage, pair, DRAWN);
      const text = await exported(stage, `/threads/${pair.thread_id}/exports`, { format: 'markdown' });
      expect(text).toContain(`- executed code (completed)\n\n\`\`\`python\n${DRAWN}\n\`\`\`\n\n\`\`\`\ndrawn\n\`\`\`\n\n- showed \`${imagesOf(steps[0])[0]}\`\n- wrote \`x.csv\``);
      expect(text).toContain(`*Image \`${imagesOf(steps[0])[0]}.png\`*`);
    });
  });
}
