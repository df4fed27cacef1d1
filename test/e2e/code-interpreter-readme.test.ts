/** What README has a newcomer run: Python by the built-in demo model, as it stands there. */
import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestServer } from '../support/server.ts';
import { ROOT, command } from '../support/spoken.ts';

const page = readFileSync(join(ROOT, 'README.md'), 'utf8');
/** Where the page says that `npm start` listens. */
const BASE_URL = 'http://127.0.0.1:4010/v1';

test('the passage about code runs as it stands', async () => {
  const [, script = ''] = /^## Let it run code\n[^]*?^```js\n([^]*?)^```$/m.exec(page) ?? [];
  expect(script).toContain(BASE_URL);
  const server = await TestServer.start();

  const { code, stdout, stderr } = await command(process.execPath, ['--input-type=module', '--eval', script.replace(BASE_URL, server.baseUrl)], {});

  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^Your code says: "42"\. It wrote \[hello\.txt\]\(sandbox:\/mnt\/data\/hello\.txt\)\. I am the demo model.*\nHello from Python\.\n$/);
  server.expectNoErrors();
  await server.end();
});
