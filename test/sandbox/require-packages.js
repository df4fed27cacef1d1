/** Before all test files: one sentence in the place of hundreds of failures. */
import { execFileSync } from 'node:child_process';

/** The server's own bwrap, and what only newer ones can. */
const ASK = ['--unshare-all', '--unshare-user', '--disable-userns', '--ro-bind', '/', '/', '--proc', '/proc', '--tmpfs', '/tmp', '/usr/bin/python3', '-c', 'import pandas, matplotlib'];

export default function setUp() {
  try {
    execFileSync('/usr/bin/bwrap', ASK, { stdio: 'pipe' });
  } catch (error) {
    throw new Error(`NOT RUN: these tests need what code_interpreter needs. apt-get install bubblewrap python3 python3-pandas python3-matplotlib; docs/sandbox.md has the rest.\n${error.stderr ?? error.message}`);
  }
}
