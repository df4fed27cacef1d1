/** The scripted model as a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import OpenAI from 'openai';

test('it says where it listens and gives the tokens it was asked for', async () => {
  const main = fileURLToPath(new URL('../support/scripted-model-main.ts', import.meta.url));
  const child = spawn(process.execPath, [main], { env: { ...process.env, TOKENS: '200' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'close');
  try {
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const [, baseURL] = /^ready (http:\S+)$/.exec(line) ?? [];
    const client = new OpenAI({ baseURL, apiKey: 'x', maxRetries: 0 });
    const { choices, usage } = await client.chat.completions.stream({ model: 'any', messages: [{ role: 'user', content: 'Hi' }], stream_options: { include_usage: true } }).finalChatCompletion();
    expect(choices[0]?.message.content?.split(' ')).toHaveLength(200);
    expect(usage?.completion_tokens).toBe(200);
  } finally {
    child.kill();
    await gone;
  }
});
