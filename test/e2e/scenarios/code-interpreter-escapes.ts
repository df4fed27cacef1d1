import { describe, expect, test } from '@jest/globals';
import { execute, newCoder } from '../code-interpreter.ts';
import type { Stage } from '../stage.ts';

/** Each attempt says what it got, or how it was refused. */
const ATTEMPT = "import errno, os, socket, subprocess, urllib.request\ndef attempt(what, act):\n  try: print(what, '=>', repr(act())[:200])\n  except BaseException as error: print(what, '!', type(error).__name__)";

/** What a run's code has got by attempts; those that were refused are not among what it returns. */
async function got(stage: Stage, attempts: Record<string, string>): Promise<Record<string, string>> {
  const lines = Object.entries(attempts).map(([what, act]) => `attempt(${JSON.stringify(what)}, lambda: ${act})`);
  const { run, logs } = await execute(stage, await newCoder(stage), [ATTEMPT, ...lines].join('\n'));
  expect(run.status).toBe('completed');
  const said = (logs[0] ?? '').split('\n').flatMap((line) => (/^(.+?) (=>|!) (.*)$/.exec(line) ? [[RegExp.$1, RegExp.$2, RegExp.$3] as const] : []));
  expect(said.map(([what]) => what)).toEqual(Object.keys(attempts));
  return Object.fromEntries(said.filter(([, how]) => how === '=>').map(([what, , result]) => [what, result]));
}

/** What holds wherever code is executed. */
export function codeInterpreterEscapes(use: () => Stage): void {
  describe('code that looks for a way out', () => {
    test('finds no network, and no credentials in one', async () => {
      const stage = use();
      const { hostname, port } = new URL(stage.server.baseUrl);
      const fetched = (url: string) => `urllib.request.urlopen(${JSON.stringify(url)}, timeout=2).read()`;

      expect(
        await got(stage, {
          'the server': `socket.create_connection((${JSON.stringify(hostname)}, ${port || 443}), 2)`,
          'the model': fetched(`${stage.model.baseUrl}/models`),
          'cloud credentials': fetched('http://169.254.169.254/latest/meta-data/iam/security-credentials/'),
          'task credentials': fetched('http://169.254.170.2/v2/credentials/'),
          'an address': "socket.create_connection(('1.1.1.1', 443), 2)",
          'a datagram': "socket.create_connection(('8.8.8.8', 53), 2)",
          packages: "subprocess.run(['pip', 'download', 'requests'], capture_output=True, timeout=20).check_returncode()",
        }),
      ).toEqual({});
    });

    test('finds nothing of the server in its environment, nor of its keys', async () => {
      const stage = use();
      const { logs } = await execute(stage, await newCoder(stage), 'import os\nprint(dict(os.environ))', "import glob\nfor name in glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/cmdline'):\n  try: print(open(name).read())\n  except OSError: pass");

      const said = logs.join('\n');
      for (const secret of [stage.server.key, 'sk-upstream', 'MODEL_', 'AWS_', 'DATA_DIR', 'local/main', 'clocked-server']) expect(said).not.toContain(secret);
      expect(said).toContain('PATH');
    });

    test('finds nothing of other threads', async () => {
      const stage = use();
      await execute(stage, await newCoder(stage), "secret = 'of-another-thread'\nfor name in ['/mnt/data/secret.txt', '/tmp/secret.txt']: open(name, 'w').write(secret);");

      expect(
        await got(stage, {
          variable: 'secret',
          file: "open('/mnt/data/secret.txt').read()",
          'temporary file': "open('/tmp/secret.txt').read()",
          anywhere: "subprocess.run(['grep', '-rl', 'of-another-thread', '/mnt', '/tmp'], capture_output=True, text=True, check=True).stdout",
          'a process': "[name for name in os.listdir('/proc') if name.isdigit() and 'of-another-thread' in open('/proc/' + name + '/cmdline').read()][0]",
        }),
      ).toEqual({});
    });
  });
}
