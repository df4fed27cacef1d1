/** Bodies too large for an item, in S3. Readers of records never see the difference. */
import { DeleteObjectsCommand, GetObjectCommand, ListObjectsV2Command, NoSuchKey, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { inParallel } from './parallel.ts';
import type { Place } from './schema.ts';

/** A page of a hundred large messages must not open a hundred connections. */
const AT_ONCE = 16;
/** The most that one request deletes. */
const MOST_DELETED = 1000;

export interface Bodies {
  put(bodies: { blob: string; body: string }[]): Promise<void>;
  /** Undefined when there is none: perhaps because its record has moved on since it was read. */
  get(blob: string): Promise<string | undefined>;
  remove(blobs: string[]): Promise<void>;
  /** Removes all that were ever written for a partition and are still there: also those that a process left behind when it died. */
  removePartition(pk: string): Promise<void>;
}

/**
 * One key for each attempt to write a record: written before the item that names it, so an item never names what is not
 * there, and never written twice, so a race's loser cannot touch what the winner wrote.
 */
export const bodyKey = ({ pk, sk }: Place, rev: number, commitId: string): string =>
  `${bodiesOf(pk)}${digest(sk)}/${rev}-${commitId}`;

/** What the keys of all bodies of a partition begin with. */
const bodiesOf = (pk: string): string => `bodies/${digest(pk)}/`;

/** Keys of S3 show up in access logs. */
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 40);

export function makeBodies(s3: S3Client, bucket: string): Bodies {
  const remove = async (blobs: string[]): Promise<void> => {
    for (let at = 0; at < blobs.length; at += MOST_DELETED) {
      const Objects = blobs.slice(at, at + MOST_DELETED).map((Key) => ({ Key }));
      const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects, Quiet: true } }));
      if (Errors.length > 0) throw new Error(`S3 has not deleted ${Errors.length} of ${Objects.length} bodies: ${Errors[0]?.Code}`);
    }
  };
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
    remove,
    async removePartition(pk) {
      for (;;) {
        // A page is what one request deletes; what is gone is not on the next one.
        const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: bodiesOf(pk) }));
        if (Contents.length === 0) return;
        await remove(Contents.map(({ Key = '' }) => Key));
      }
    },
  };
}
