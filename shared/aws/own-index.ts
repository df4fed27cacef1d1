import { DeleteObjectsCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { SearchIndex } from '../ports/search-index.ts';
import { makeLanceIndex } from '../search/lance-index.ts';
import { makeClients } from './clients.ts';

/** Where all indexes are in the bucket. */
const PREFIX = 'index';

/**
 * The search index in this very process, its files in the bucket. Only for functions whose bundle has LanceDB, whose engine speaks to S3 by itself, with
 * the region and credentials of the environment.
 */
export const makeOwnIndex = (bucket: string, { s3, storageOptions }: { s3: S3Client; storageOptions?: Record<string, string> } = makeClients()): SearchIndex =>
  makeLanceIndex({
    uri: `s3://${bucket}/${PREFIX}`,
    storageOptions,
    async has(folder) {
      const { KeyCount = 0 } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${PREFIX}/${folder}/`, MaxKeys: 1 }));
      return KeyCount > 0;
    },
    removeAll: (folder) => removeAll(s3, bucket, `${PREFIX}/${folder}/`),
  });

async function removeAll(s3: S3Client, Bucket: string, Prefix: string): Promise<void> {
  for (;;) {
    // A page is what one request deletes; what is gone is not on the next one.
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
    if (Contents.length === 0) return;
    const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: Contents.map(({ Key = '' }) => ({ Key })), Quiet: true } }));
    if (Errors.length > 0) throw new Error(`S3 has not removed ${Errors.length} files of an index: ${Errors[0]?.Code}`);
  }
}
