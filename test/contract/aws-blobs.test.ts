/** What only files in S3 can show: links past the server, and requests that must not be taken for others. */
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { makeBlobs } from '../../shared/aws/blobs.ts';
import { makeClients } from '../../shared/aws/clients.ts';
import { useEngines } from './aws-stage.ts';
import { type AwsStage, makeAwsWorld } from './aws-world.ts';

const engines = useEngines();
const KEY = 'exports/proj/exp.jsonl';

describe('files in S3', () => {
  let stage: AwsStage;
  beforeEach(async () => {
    stage = await makeAwsWorld(await engines());
  });
  afterEach(() => stage.close());

  it('are read by whoever has a link', async () => {
    await stage.blobs.put(KEY, Buffer.from('content'), 'application/jsonl');
    const link = await stage.blobs.link(KEY, 300, 'my "thread"\r\n.jsonl');
    const response = await fetch(link ?? '');
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([200, 'application/jsonl', 'content']);
    expect(link?.pathname).toBe(`/${stage.resources.bucket}/${KEY}`);
    expect(Object.fromEntries(link?.searchParams ?? [])).toMatchObject({ 'X-Amz-Expires': '300', 'X-Amz-Algorithm': 'AWS4-HMAC-SHA256', 'X-Amz-SignedHeaders': 'host', 'response-content-disposition': 'attachment; filename="my__thread___.jsonl"' });
    expect(link?.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
  });

  it('keep what they are, in one piece or in parts', async () => {
    await stage.blobs.put(KEY, Buffer.from('x'), 'text/markdown');
    const { s3 } = (await engines()).hands;
    const typeOf = async () => (await s3.send(new HeadObjectCommand({ Bucket: stage.resources.bucket, Key: KEY }))).ContentType;
    expect(await typeOf()).toBe('text/markdown');
    const upload = await stage.blobs.begin(KEY, 'application/jsonl');
    await stage.blobs.complete(KEY, upload, [{ number: 1, tag: await stage.blobs.putPart(KEY, upload, 1, Buffer.from('y')) }]);
    expect(await typeOf()).toBe('application/jsonl');
  });

  it('are not taken away by ending an upload without a name', async () => {
    await stage.blobs.put(KEY, Buffer.from('x'), 'text/plain');
    await stage.blobs.abort(KEY, '');
    expect(await new Response((await stage.blobs.read(KEY))?.body).text()).toBe('x');
  });

  it('are removed by the thousand', async () => {
    stage.requests.take();
    await stage.blobs.remove(Array.from({ length: 2001 }, (_, n) => `exports/${n}`));
    expect(stage.requests.take()).toEqual({ DeleteObjects: 3 });
  });
});

describe('a link to AWS itself', () => {
  it('names bucket, region and the role’s session', async () => {
    const { s3 } = makeClients({ region: 'eu-west-1', credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }, endpoints: {} });
    const link = await makeBlobs(s3, 'threadkeep-blobs').link(KEY, 60, 'x.jsonl');
    expect([link?.protocol, link?.host, link?.pathname]).toEqual(['https:', 'threadkeep-blobs.s3.eu-west-1.amazonaws.com', `/${KEY}`]);
    expect(link?.searchParams.get('X-Amz-Credential')).toMatch(/^AKIDEXAMPLE\/\d{8}\/eu-west-1\/s3\/aws4_request$/);
    s3.destroy();
  });

  it('asks to put and complete parts as S3 wants them: with the checksums that the upload was begun with', async () => {
    const { s3 } = makeClients({ region: 'eu-west-1', credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' }, endpoints: {} });
    const asked: Record<string, { headers: Record<string, string>; body: unknown }> = {};
    s3.middlewareStack.add(
      (_, context) => async ({ request }) => {
        const { headers, body } = request as { headers: Record<string, string>; body: unknown };
        asked[String((context as { commandName?: string }).commandName)] = { headers, body };
        return { response: {}, output: { $metadata: {}, UploadId: 'u', ETag: '"e"', ChecksumCRC32: 'c==' } as never };
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const blobs = makeBlobs(s3, 'b');
    const upload = await blobs.begin(KEY, 'application/jsonl');
    const tag = await blobs.putPart(KEY, upload, 1, Buffer.from('x'));
    await blobs.complete(KEY, upload, [{ number: 1, tag }]);
    expect(asked['CreateMultipartUploadCommand']?.headers).toMatchObject({ 'x-amz-checksum-algorithm': 'CRC32', 'content-type': 'application/jsonl' });
    expect(asked['UploadPartCommand']?.headers['x-amz-checksum-crc32']).toMatch(/=$/);
    expect(asked['CompleteMultipartUploadCommand']?.body).toContain('<ChecksumCRC32>c==</ChecksumCRC32>');
    s3.destroy();
  });
});
