/** Bodies too large for an item, in S3. Readers of records never see the difference. */
import { DeleteObjectsCommand, GetObjectCommand, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { inParallel } from './parallel.ts';
import type { Place } from './schema.ts';

/** A page of a hundred large messages must not open a hundred connections. */
const AT_ONCE = 16;
/** The most that one request deletes. */
const MOST_DELETED = 1000;

export interface Blobs {
  put(bodies: { blob: string; body: string }[]): Promise<void>;
  /** Undefined when there is none: perhaps because its record has moved on since it was read. */
  get(blob: string): Promise<string | undefined>;
  remove(blobs: string[]): Promise<void>;
}

/**
 * One key for each attempt to write a record: written before the item that names it, so an item never names what is not
 * there, and never written twice, so a race's loser cannot touch what the winner wrote.
 */
export const blobKey = ({ pk, sk }: Place, rev: number, commitId: string): string =>
  `bodies/${createHash('sha256').update(`${pk}\n${sk}`).digest('hex').slice(0, 40)}/${rev}-${commitId}`;

export function makeBlobs(s3: S3Client, bucket: string): Blobs {
  return {
    async put(bodies) {
      await inParallel(AT_ONCE, bodies, ({ blob, body }) => s3.send(new PutObjectCommand({ Bucket: bucket, Key: blob, Body: body, ContentType: 'application/json' })));
    },
    async get(blob) {
      try {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: blob }));
        return await Body?.transformToString();
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async remove(blobs) {
      for (let at = 0; at < blobs.length; at += MOST_DELETED) {
        const Objects = blobs.slice(at, at + MOST_DELETED).map((Key) => ({ Key }));
        await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
      }
    },
  };
}
