import { expect, it } from '@jest/globals';
import type { Message } from '../../shared/domain/message.ts';
import { type FileSearchCall, type RunStep, completeStep } from '../../shared/domain/run-step.ts';
import { toMessage, toStep } from '../../shared/histories/from-lines.ts';
import { markdown } from '../../shared/histories/markdown.ts';
import { toMessageData, toStepData } from '../../shared/histories/to-lines.ts';
import { NOW_MS, PROJECT, RUN, THREAD, callOf, messageOf, openStep } from './sample-records.ts';

// Searches and citations as lines of an export, and back.

const importing = { projectId: PROJECT, nowMs: NOW_MS, retention: 'never' as const };
const found = { fileId: 'file-1', filename: 'foods.txt', score: 0.75, attributes: { year: 1972, is_old: true }, vectorStoreId: 'vs_1', text: 'Blue\ncheese.' };
const ranking = { ranker: 'auto' as const, score_threshold: 0.25 };
const searched: FileSearchCall = { id: 'call_1', type: 'file_search', arguments: '{"queries":["a"]}', rankingOptions: ranking, ordinal: 4, results: [found, { ...found, vectorStoreId: undefined, attributes: {} }], note: 'Half of it.' };
const cutOff: FileSearchCall = { id: 'call_2', type: 'file_search', arguments: '', rankingOptions: ranking };

const stepWith = (...toolCalls: (FileSearchCall | ReturnType<typeof callOf>)[]): RunStep => completeStep(openStep({ type: 'tool_calls', toolCalls }, { threadId: THREAD, runId: RUN }), NOW_MS);
const again = (data: object): unknown => JSON.parse(JSON.stringify(data));

it('a step with searches and functions comes back as it was', () => {
  const step = stepWith(searched, callOf('f', { output: 'x' }), cutOff);
  expect(again(toStep(again(toStepData(step)), importing))).toEqual(again(step));
});

it('a message with a citation comes back with its quote', () => {
  const annotation = { type: 'file_citation' as const, text: '【4:0†foods.txt】', start_index: 3, end_index: 18, file_citation: { file_id: 'file-1', quote: 'Blue' } };
  const message: Message = messageOf([{ type: 'text', text: { value: 'So 【4:0†foods.txt】', annotations: [annotation] } }], { role: 'assistant', runId: RUN });
  expect(again(toMessage(again(toMessageData(message)), importing))).toEqual(again(message));
});

it('a search is written for people as what it asked and found', () => {
  expect(markdown.step(stepWith(searched))).toBe('- searched the files (completed)\n\n```\n{"queries":["a"]}\n```\n\n- found `foods.txt` (`file-1`, 0.75)\n- found `foods.txt` (`file-1`, 0.75)\n\n');
});
