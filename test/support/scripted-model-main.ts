/** The scripted model as a process of its own, for benches: TOKENS tokens to every call, DELAY_MS apart. Prints `ready <base URL>`. */
import { ScriptedModel, tokens } from './scripted-model.ts';

const count = Number(process.argv[2] ?? process.env['TOKENS'] ?? 200);
const delayMs = Number(process.argv[3] ?? process.env['DELAY_MS'] ?? 0);
if (!Number.isInteger(count) || count < 0 || !(delayMs >= 0)) throw new Error('usage: scripted-model-main.ts [TOKENS] [DELAY_MS]');

const model = await ScriptedModel.start({ record: false, strict: false });
model.always(tokens(count, { delayMs }));
console.log(`ready ${model.baseUrl}`);
