/** A history as people read it. Not meant to be read back. */
import type { File } from '../domain/file.ts';
import type { Message } from '../domain/message.ts';
import type { CodeCall, FileSearchCall, RunStep, ToolCall } from '../domain/run-step.ts';
import type { Renderer } from './renderer.ts';

export const markdown: Renderer = {
  contentType: 'text/markdown; charset=utf-8',
  extension: 'md',
  begin: () => '',
  thread: (thread) => `# ${thread.id}\n\nBegun ${time(thread.createdAtMs)}, last used ${time(thread.lastActiveAtMs)}.\n\n${Object.entries(thread.metadata).map(([name, value]) => `- ${code(name)}: ${code(value)}\n`).join('')}\n`,
  message: (message, files) => `## ${message.role === 'user' ? 'User' : 'Assistant'}, ${time(message.createdAtMs)}\n\n${contentOf(message, files)}\n\n`,
  run: (run) => `## Run ${run.id}\n\n${run.status}, ${code(run.model)}, ${time(run.createdAtMs)}, ${run.usage.promptTokens} tokens in, ${run.usage.completionTokens} out\n\n`,
  step: (step) => stepText(step),
  end: ({ threads, messages, runs }) => `---\n\n${threads} threads, ${messages} messages, ${runs} runs\n`,
};

const time = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').replace(/\.\d+Z$/, ' UTC');

/** With more backticks around it than it has in a row, and on one line. */
function code(text: string): string {
  const fence = '`'.repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length)) + 1);
  const pad = /^`|`$/.test(text) ? ' ' : '';
  return `${fence}${pad}${text.replace(/\s+/g, ' ')}${pad}${fence}`;
}

function block(text: string, language = ''): string {
  const fence = '`'.repeat(Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length)) + 1);
  return `${fence}${language}\n${text}\n${fence}\n`;
}

function contentOf(message: Message, known: readonly File[]): string {
  const nameOf = (id: string) => code(known.find((file) => file.id === id)?.filename ?? id);
  const parts = message.content.map((part) => {
    switch (part.type) {
      case 'text':
        return part.text.value;
      case 'refusal':
        return `*Refused:* ${part.refusal}`;
      case 'image_url':
        return `![image](<${part.image_url.url.replace(/[<>\s]/g, encodeURIComponent)}>)`;
      case 'image_file':
        return `*Image ${nameOf(part.image_file.file_id)}*`;
    }
  });
  const files = message.attachments.flatMap(({ file_id }) => (file_id === undefined ? [] : [`*Attached: ${nameOf(file_id)}*`]));
  return [...parts, ...files, ...(message.status === 'incomplete' ? [`*Cut off: ${message.incompleteReason}*`] : [])].join('\n\n');
}

function stepText({ details, status }: RunStep): string {
  if (details.type === 'message_creation') return `- wrote ${code(details.messageId)} (${status})\n\n`;
  return details.toolCalls.map((call) => callText(call, status)).join('');
}

function callText(call: ToolCall, status: RunStep['status']): string {
  switch (call.type) {
    case 'file_search':
      return searchText(call, status);
    case 'code_interpreter':
      return codeText(call, status);
    case 'function':
      return `- called ${code(call.name)} (${status})\n\n${block(call.arguments)}\n${call.output === undefined ? '' : `${block(call.output)}\n`}`;
  }
}

function searchText({ arguments: asked, results = [] }: FileSearchCall, status: RunStep['status']): string {
  const found = results.map(({ fileId, filename, score }) => `- found ${code(filename)} (${code(fileId)}, ${score.toFixed(2)})\n`);
  return `- searched the files (${status})\n\n${block(asked)}\n${found.join('')}${found.length > 0 ? '\n' : ''}`;
}

function codeText({ input, outputs = [], files = [] }: CodeCall, status: RunStep['status']): string {
  const logs = outputs.flatMap((output) => (output.type === 'logs' ? [`${block(output.logs.replace(/\n$/, ''))}\n`] : []));
  const images = outputs.flatMap((output) => (output.type === 'image' ? [`- showed ${code(output.fileId)}\n`] : []));
  const made = [...images, ...files.map(({ path, fileId, bytes }) => `- wrote ${code(path)} (${code(fileId)}, ${bytes} bytes)\n`)];
  return `- executed code (${status})\n\n${block(input, 'python')}\n${logs.join('')}${made.join('')}${made.length > 0 ? '\n' : ''}`;
}
