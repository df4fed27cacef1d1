/** What tests of exports and imports ask of a server, by hand: no official client knows these paths. */
import { expect } from '@jest/globals';
import type { WireExport } from '../../shared/wire/export.ts';
import { type Stage, eventually } from './stage.ts';

export interface Line {
  type: string;
  data: { id: string; [field: string]: unknown };
  counts?: Record<string, number>;
}

export async function startExport(stage: Stage, path: string, body: object = {}, key = stage.server.key): Promise<WireExport> {
  const answer = await stage.http<WireExport>('POST', path, { body, key, unchecked: true });
  expect(answer).toMatchObject({ status: 200, body: { object: 'export' } });
  return answer.body;
}

export const ended = (stage: Stage, id: string, key = stage.server.key): Promise<WireExport> =>
  eventually(`${id} has ended`, async () => {
    const { body } = await stage.http<WireExport>('GET', `/exports/${id}`, { key, unchecked: true });
    return body.completed_at !== null || body.failed_at !== null ? body : undefined;
  });

export async function download(stage: Stage, id: string, key = stage.server.key): Promise<Response> {
  return fetch(`${stage.server.baseUrl}/exports/${id}/content`, { headers: { authorization: `Bearer ${key}` } });
}

/** The text of an export, when it is there. */
export async function exported(stage: Stage, path: string, body: object = {}, key = stage.server.key): Promise<string> {
  const { id } = await startExport(stage, path, body, key);
  expect(await ended(stage, id, key)).toMatchObject({ status: 'completed' });
  const response = await download(stage, id, key);
  expect(response.status).toBe(200);
  return response.text();
}

export const linesOf = (text: string): Line[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
