import { describe, expect, it } from '@jest/globals';
import { keys } from '../../shared/ports/store.ts';
import { CodeStage, ONE_CALL, asks, code, says } from './code-stage.ts';
import { PROJECT } from './sample-records.ts';

// What one message shows of much that was made, and what is left of an answer whose steps are all stored.

describe('a message', () => {
  it('shows the newest hundred pictures, and attaches as many files', async () => {
    await using stage = await CodeStage.start();
    const pictures = { images: Array.from({ length: 40 }, () => new Uint8Array(1)) };
    const files = (from: number) => ({ writes: Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`f${n + from}`, 'x'])) });
    stage.answers.push(asks(...['a', 'b', 'c', 'd', 'e', 'f'].map(code)), says('Done.'));
    stage.sandbox.scripts.push(pictures, pictures, pictures, files(100), files(200), files(300));
    const run = await stage.driven(await stage.newRun());
    const made = (await stage.callsOf(run)).map(({ outputs = [], files: written = [] }) => [outputs.flatMap((output) => (output.type === 'image' ? [output.fileId] : [])), written.map(({ fileId }) => fileId)] as const);
    const message = (await stage.stepsOf(run)).flatMap(({ details }) => (details.type === 'message_creation' ? [details.messageId] : []));
    const said = await stage.world().store.get(keys.message(PROJECT, run.threadId, message[0] ?? ''));
    const shown = made.flatMap(([images]) => images).slice(-100);
    expect(said?.content.flatMap((part) => (part.type === 'image_file' ? [part.image_file.file_id] : []))).toEqual(shown);
    expect(said?.attachments.map(({ file_id }) => file_id)).toEqual([...shown, ...made.flatMap(([, written]) => written).slice(-100)]);
  });
});

describe('an answer whose steps are stored', () => {
  it('is done with: what goes wrong at the run’s end counts it once and stores its step once', async () => {
    await using stage = await CodeStage.start();
    stage.answers.push(asks(['nothing', '{}']));
    let ends = 0;
    stage.before = ({ name }) => (name.startsWith('end-run') && ++ends === 1 ? Promise.reject(new Error('the disk is full')) : Promise.resolve());
    const run = await stage.driven(await stage.newRun({ maxCompletionTokens: ONE_CALL.completionTokens }));
    expect([run.status, run.usage, ends]).toEqual(['failed', ONE_CALL, 2]);
    expect((await stage.stepsOf(run)).map(({ status }) => status)).toEqual(['completed']);
    expect(stage.logged.splice(0)).toEqual(['job_failed']);
  });
});
