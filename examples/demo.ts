/**
 * npm run demo: a whole conversation with a running server, through the official client. Nothing here knows of
 * Threadkeep but the base URL and the key.
 */
import OpenAI from 'openai';
import { apiKey, baseURL, model } from './env.ts';

const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });

try {
  await converse();
} catch (error) {
  const isDown = error instanceof OpenAI.APIConnectionError;
  console.error(isDown ? `Nothing answers at ${baseURL}. Start the server first, in another terminal: npm start` : error);
  process.exitCode = 1;
}

async function converse(): Promise<void> {
  const assistant = await client.beta.assistants.create({
    name: 'Weather clerk',
    model,
    instructions: 'You answer questions about the weather. Use your functions.',
    tools: [
      {
        type: 'function',
        function: {
          name: 'get_weather',
          description: 'The weather in a city right now.',
          parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        },
      },
    ],
  });
  const thread = await client.beta.threads.create();
  console.log(`assistant ${assistant.id}\nthread    ${thread.id}`);

  await ask(thread.id, assistant.id, 'Hello! Who are you?');
  await ask(thread.id, assistant.id, 'What is the weather in Lisbon?');

  await client.beta.threads.delete(thread.id);
  await client.beta.assistants.delete(assistant.id);
}

/** Streams one answer, with as many rounds of function calls as the model wants. */
async function ask(threadId: string, assistantId: string, question: string): Promise<void> {
  console.log(`\nuser      > ${question}`);
  await client.beta.threads.messages.create(threadId, { role: 'user', content: question });
  let run = await printed(client.beta.threads.runs.stream(threadId, { assistant_id: assistantId }));
  while (run.status === 'requires_action') {
    const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
    const tool_outputs = calls.map((call) => {
      const output = JSON.stringify({ city: 'Lisbon', sky: 'clear', celsius: 21 });
      console.log(`function  > ${call.function.name}(${call.function.arguments}) = ${output}`);
      return { tool_call_id: call.id, output };
    });
    run = await printed(client.beta.threads.runs.submitToolOutputsStream(run.id, { thread_id: threadId, tool_outputs }));
  }
  console.log(`run       ${run.id} ${run.status}: ${run.usage?.prompt_tokens} prompt + ${run.usage?.completion_tokens} completion tokens`);
  if (run.last_error) console.log(`error     ${run.last_error.code}: ${run.last_error.message}`);
}

async function printed(stream: ReturnType<typeof client.beta.threads.runs.stream>) {
  stream.on('textCreated', () => process.stdout.write('assistant > '));
  stream.on('textDelta', (delta) => process.stdout.write(delta.value ?? ''));
  stream.on('textDone', () => process.stdout.write('\n'));
  return stream.finalRun();
}
