/** What the model sees of code that it had executed: the code itself, and what came out of it. */
import type { CodeCall, WrittenFile } from '../domain/run-step.ts';
import { DATA_FOLDER } from '../ports/sandbox.ts';
import { countTokens } from '../tools/tokens.ts';

/** Files that are named one by one. */
const MOST_NAMED = 20;
/** With less than this nothing of an execution is shown. */
const FEWEST_TOKENS = 40;
/** The code leaves its output so much of the budget. */
const SHARE_OF_OUTPUT = 0.25;

export interface ShownCode {
  /** As the model would have written them: JSON, even of code that is cut. */
  arguments: string;
  output: string;
  tokens: number;
}

const NO_LONGER = { arguments: argumentsOf('# This code is no longer at hand.'), output: 'What came out of this code is no longer at hand. Print again what you need of it.' };

/** `isCiting`: answers of the run cite what searches have found, so that code must not bring markers of its own. */
export async function showCode(call: CodeCall, budget: number, isCiting: boolean): Promise<ShownCode> {
  if (budget < FEWEST_TOKENS) return { ...NO_LONGER, tokens: 0 };
  const code = call.input.toWellFormed();
  const inArguments = (text: string) => countTokens(argumentsOf(text));
  const needed = await inArguments(code);
  const output = await outputWithin(call, Math.max(budget * SHARE_OF_OUTPUT, budget - needed), isCiting);
  const outputTokens = await countTokens(output);
  const left = Math.max(0, budget - outputTokens);
  const shown = await cutMiddle(code, left, (missing) => `\n# ${missing} characters of this code are left out here.\n`, inArguments);
  return { arguments: argumentsOf(shown), output, tokens: (shown === code ? needed : left) + outputTokens };
}

function argumentsOf(code: string): string {
  return JSON.stringify({ code });
}

/** With brackets that look alike. What is stored stays as it is. */
export const withoutMarkers = (text: string): string => text.replaceAll('【', '〔').replaceAll('】', '〕');

async function outputWithin(call: CodeCall, budget: number, isCiting: boolean): Promise<string> {
  const { outputs, note } = call;
  if (!outputs) return note ?? 'This code was not executed.';
  const whole = outputs.flatMap((output) => (output.type === 'logs' ? [output.logs] : [])).join('').toWellFormed().replace(/\n+$/, '');
  const behind = await behindLogs(call, budget / 2);
  const before = note === undefined ? [] : [note];
  const left = Math.max(0, budget - (await countTokens([...before, ...behind].join('\n\n'))));
  const logs = await cutMiddle(isCiting ? withoutMarkers(whole) : whole, left, (missing) => `\n[… ${missing} characters are left out here …]\n`, countTokens);
  const came = [...(logs === '' ? [] : [logs]), ...behind];
  return [...before, ...(came.length === 0 ? ['(no output)'] : came)].join('\n\n');
}

/** What was shown and written, with as many names as the budget has room for. */
async function behindLogs({ outputs = [], files = [] }: CodeCall, budget: number): Promise<string[]> {
  const images = outputs.filter(({ type }) => type === 'image').map((_, at) => `[image ${at + 1} was shown to the user]`);
  const shown = images.length === 0 ? [] : [images.join('\n')];
  if (files.length === 0) return shown;
  for (let named = MOST_NAMED; named > 0; named = Math.floor(named / 2)) {
    const parts = [...shown, filesLine(files, named)];
    if ((await countTokens(parts.join('\n\n'))) <= budget) return parts;
  }
  return [...shown, filesLine(files, 0)];
}

function filesLine(files: readonly WrittenFile[], mostNamed: number): string {
  const [first] = files;
  const named = files.slice(0, mostNamed).map(({ path, bytes }) => `${DATA_FOLDER}/${path} (${bytes} bytes)`);
  const others = files.length - named.length;
  const list = [...named, ...(others === 0 ? [] : [`${others}${named.length === 0 ? '' : ' more'}`])].join(', ');
  const link = first && named.length > 0 ? `; link to one as ${linkTo(first.path)}` : '';
  return `Files written: ${list}${link}`;
}

const linkTo = (path: string): string => `[${path.split('/').at(-1)}](sandbox:${DATA_FOLDER}/${path.toWellFormed().replace(/[\s%<>]/g, encodeURIComponent)})`;

/** A text within a budget of tokens, as they are counted: its beginning and its end, around a line that says how much is missing. */
async function cutMiddle(text: string, budget: number, lineFor: (missing: number) => string, count: (text: string) => Promise<number>): Promise<string> {
  const needed = await count(text);
  if (needed <= budget) return text;
  const points = [...text];
  for (let kept = Math.floor((points.length * budget) / needed); ; ) {
    const [head, tail] = [Math.ceil(kept / 2), Math.floor(kept / 2)];
    const cut = points.slice(0, head).join('') + lineFor(points.length - kept) + points.slice(points.length - tail).join('');
    const tokens = kept === 0 ? 0 : await count(cut);
    if (tokens <= budget) return kept === 0 ? cut.trim() : cut;
    kept = Math.floor(kept * Math.min(0.9, budget / tokens));
  }
}
