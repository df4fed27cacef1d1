import { useSandbox } from '../sandbox/stage.ts';
import { describeSandbox } from './suites/sandbox.ts';

const sandbox = useSandbox({ mostSessions: 200 });
describeSandbox('embedded', () => sandbox);

const open = useSandbox({ mostSessions: 200, withoutIsolation: true });
describeSandbox('embedded without isolation', () => open);
