import { describe, expect, test } from '@jest/globals';
import { text } from '../../support/scripted-model.ts';
import { CODE } from '../code-interpreter.ts';
import type { Stage } from '../stage.ts';
import { functionTool } from '../tools.ts';

/** On a server that cannot execute code. */
export function codeInterpreterRefused(use: () => Stage, reason: RegExp): void {
  describe('code interpreter where there is none', () => {
    test('refuses runs with it, whichever way they are made, and writes nothing', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [CODE, functionTool('a')] });
      const body = { assistant_id, additional_messages: [{ role: 'user' as const, content: 'More.' }] };

      const failures = [
        await stage.failure(stage.runs.create(thread_id, body)),
        await stage.failure(stage.runs.create(thread_id, { ...body, stream: true })),
        await stage.failure(stage.runs.create(thread_id, { ...body, tool_choice: CODE })),
        await stage.failure(stage.threads.createAndRun({ assistant_id, thread: { messages: [{ role: 'user', content: 'Hello' }] } })),
        await stage.failure(stage.runs.create(thread_id, { ...body, assistant_id: (await stage.newAssistant()).id, tools: [CODE] })),
      ];

      for (const failure of failures) {
        expect(failure.error).toBeInstanceOf(stage.sdk.errors.BadRequestError);
        expect(failure).toMatchObject({ status: 400, type: 'invalid_request_error', param: 'tools', code: 'unsupported_tool', message: expect.stringMatching(/^The tool 'code_interpreter' is not available on this server/) as unknown });
        expect(failure.message).toMatch(reason);
      }
      expect([(await stage.runs.list(thread_id)).data, (await stage.messagesOf(thread_id)).length, stage.model.requests.length]).toEqual([[], 1, 0]);
    });

    test('leaves assistants with it as they are, and their runs without it', async () => {
      const stage = use();
      const { assistant_id, thread_id } = await stage.newPair({ tools: [CODE, functionTool('a')] });
      stage.model.script(text('Yes.'), text('No.'));

      const without = await stage.runs.createAndPoll(thread_id, { assistant_id, tools: [functionTool('a')] });
      const none = await stage.runs.createAndPoll(thread_id, { assistant_id, tools: [] });

      expect([without.status, none.status]).toEqual(['completed', 'completed']);
      expect((await stage.assistants.retrieve(assistant_id)).tools).toMatchObject([CODE, { type: 'function' }]);
      expect(stage.model.requests.map(({ body }) => body.tools?.length ?? 0)).toEqual([1, 0]);
    });
  });
}
