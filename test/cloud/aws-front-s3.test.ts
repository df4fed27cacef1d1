/** The front between Lambdas and S3, whose operations stand in method, path and query. */
import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand, DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand, GetObjectTaggingCommand,
  HeadBucketCommand, HeadObjectCommand, ListBucketsCommand, ListObjectsV2Command, PutObjectCommand, UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clients } from '../../shared/aws/clients.ts';
import { useEngines } from '../contract/aws-stage.ts';
import { type FrontStage, KEY, openFront } from './harness/aws-front-stage.ts';

const engines = useEngines();
let stage: FrontStage;
let s3: Clients['s3'];
let Bucket: string;

beforeEach(async () => {
  stage = await openFront(await engines());
  s3 = stage.clients().s3;
  Bucket = stage.resources.bucket;
});
afterEach(() => stage.close());

/** What came of it: the error's name as the client gives it, or `ok`. HEAD has no body to name one. */
const outcome = (work: Promise<unknown>): Promise<string> => work.then(() => 'ok', (error: Error) => error.name);

const objects = (...actions: string[]) => ({ Action: actions.map((action) => `s3:${action}`), Resource: `${stage.bucket}/bodies/*` });
const bucketAction = (action: string) => ({ Action: `s3:${action}`, Resource: stage.bucket });
const key = (...actions: string[]) => ({ Action: actions.map((action) => `kms:${action}`), Resource: KEY, Condition: { StringEquals: { 'kms:ViaService': ['s3.us-east-1.amazonaws.com'] } } });
const Key = 'bodies/a b/ü&<1>.json';

const put = (name = Key, Body: string | Buffer = '{"large":true}') => s3.send(new PutObjectCommand({ Bucket, Key: name, Body, ContentType: 'application/json' }));
const get = async (name = Key) => (await s3.send(new GetObjectCommand({ Bucket, Key: name }))).Body?.transformToString();

describe('each operation needs its own permission, on what it reaches', () => {
  it('PutObject and GetObject, and the bucket’s key', async () => {
    stage.permit(objects('PutObject', 'GetObject'), key('GenerateDataKey', 'Decrypt'));
    await put();
    expect(await get()).toBe('{"large":true}');
    expect(stage.front.violations).toEqual([]);
    expect([await outcome(put('other')), await outcome(get('other'))]).toEqual(['AccessDenied', 'AccessDenied']);
    stage.permit(objects('PutObject'), key('GenerateDataKey'));
    expect([await outcome(put()), await outcome(get())]).toEqual(['ok', 'AccessDenied']);
    stage.permit(objects('PutObject', 'GetObject'), { ...key('Decrypt'), Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' } } }, key('Decrypt'));
    expect([await outcome(put()), await outcome(get())]).toEqual(['AccessDenied', 'ok']);
    expect(stage.front.violations.at(-1)).toContain(`kms:GenerateDataKey on ${KEY}`);
  });

  it('no key where S3 encrypts with its own', async () => {
    Bucket = `${Bucket}-plain`;
    stage.permit({ Action: ['s3:PutObject', 's3:GetObject'], Resource: `${stage.bucket}-plain/*` });
    await put();
    expect(await get()).toBe('{"large":true}');
    expect(stage.front.violations).toEqual([]);
  });

  it('HeadObject, DeleteObject, DeleteObjects', async () => {
    const rest = [
      () => s3.send(new HeadObjectCommand({ Bucket, Key })),
      () => s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }, { Key: 'bodies/2' }], Quiet: true } })),
      () => s3.send(new DeleteObjectCommand({ Bucket, Key })),
    ];
    stage.permit(objects('PutObject', 'GetObject', 'DeleteObject'), key('GenerateDataKey'));
    await put();
    for (const ask of rest) expect(await outcome(ask())).toBe('ok');
    expect(stage.front.violations).toEqual([]);
    expect(await outcome(s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }, { Key: 'others/2' }] } })))).toBe('AccessDenied');
    stage.permit(objects('PutObject'));
    for (const ask of rest) expect(await outcome(ask())).not.toBe('ok');
    expect(stage.front.violations).toHaveLength(4);
  });

  it('HeadBucket, ListObjectsV2', async () => {
    const rest = [() => s3.send(new HeadBucketCommand({ Bucket })), () => s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'bodies/', MaxKeys: 10 }))];
    stage.permit(bucketAction('ListBucket'));
    for (const ask of rest) expect(await outcome(ask())).toBe('ok');
    stage.permit(objects('ListBucket'));
    for (const ask of rest) expect(await outcome(ask())).not.toBe('ok');
    expect(stage.front.violations).toHaveLength(2);
  });

  it('uploads in parts', async () => {
    const begin = () => s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    stage.permit(objects('PutObject', 'GetObject', 'AbortMultipartUpload'), key('GenerateDataKey', 'Decrypt'));
    const { UploadId } = await begin();
    const { ETag } = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: Buffer.alloc(6_000_000, 'x') }));
    await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] } }));
    expect((await get())?.length).toBe(6_000_000);
    const { UploadId: second } = await begin();
    const abort = () => s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: second }));
    stage.permit(objects('PutObject'), key('GenerateDataKey', 'Decrypt'));
    expect(await outcome(abort())).toBe('AccessDenied');
    stage.permit(objects('AbortMultipartUpload'));
    expect([await outcome(abort()), await outcome(begin())]).toEqual(['ok', 'AccessDenied']);
  });
});

it('lets whoever has a link read what its maker may', async () => {
  const follow = async () => fetch(await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }), { expiresIn: 300 }));
  stage.permit(objects('PutObject', 'GetObject'), key('GenerateDataKey', 'Decrypt'));
  await put();
  const response = await follow();
  expect([response.status, await response.text()]).toEqual([200, '{"large":true}']);
  stage.permit(objects('PutObject'));
  expect((await follow()).status).toBe(403);
  expect(stage.front.violations).toEqual([expect.stringContaining('Fn.1 s3:GetObject')]);
});

it('tells of a missing object only who may list the bucket', async () => {
  const head = () => s3.send(new HeadObjectCommand({ Bucket, Key }));
  stage.permit(objects('GetObject'), bucketAction('ListBucket'), key('Decrypt'));
  expect([await outcome(get()), await outcome(head())]).toEqual(['NoSuchKey', 'NotFound']);
  expect(stage.front.violations).toEqual([]);
  stage.permit(objects('GetObject'), key('Decrypt'));
  const status = (work: Promise<unknown>) => work.catch((error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode);
  expect([await outcome(get()), await status(head())]).toEqual(['AccessDenied', 403]);
  expect(stage.front.violations).toHaveLength(2);
});

it.each<[string, string[], string]>([
  ['TLS', ['Bool', 'aws:SecureTransport', 'true'], 'false'],
  ['its version', ['NumericLessThan', 's3:TlsVersion', '1.4'], '1.2'],
])('a bucket’s own policy can deny what the role may, for %s', async (_, [operator = '', name = '', denying = ''], passing) => {
  const insecure = (value: string) => ({ Effect: 'Deny' as const, Action: 's3:*', Principal: { AWS: '*' }, Resource: [stage.bucket, `${stage.bucket}/*`], Condition: { [operator]: { [name]: value } } });
  stage.permit(objects('PutObject'), key('GenerateDataKey'));
  stage.guard(insecure(passing));
  expect(await outcome(put())).toBe('ok');
  stage.guard(insecure(denying));
  expect(await outcome(put())).toBe('AccessDenied');
});

it.each<[string, () => Promise<unknown>]>([
  ['an operation on an object', () => s3.send(new GetObjectTaggingCommand({ Bucket, Key }))],
  ['a version of one', () => s3.send(new GetObjectCommand({ Bucket, Key, VersionId: '1' }))],
  ['a copy', () => s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/${Key}` }))],
  ['tags', () => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x', Tagging: 'a=b' }))],
  ['another key', () => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'x' }))],
  ['versions among what is to be deleted', () => s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key, VersionId: '1' }] } }))],
  ['an operation on no bucket', () => s3.send(new ListBucketsCommand({}))],
  ['a bucket that it does not know', () => s3.send(new HeadBucketCommand({ Bucket: 'other' }))],
])('throws on %s', async (_, ask) => {
  stage.permit({ Action: '*', Resource: '*' });
  expect(await outcome(ask())).not.toBe('ok');
  expect(stage.front.violations[0]).toContain('not understood: s3');
});
