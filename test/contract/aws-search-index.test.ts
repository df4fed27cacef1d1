/** The search index in S3. */
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import { makeOwnIndex } from '../../shared/aws/own-index.ts';
import { useEngines } from './aws-stage.ts';
import { makeAwsWorld } from './aws-world.ts';
import { describeSearchIndex } from './suites/search-index.ts';

const engines = useEngines();

describeSearchIndex('AWS', async () => {
  const made = await engines();
  const world = await makeAwsWorld(made);
  const Bucket = world.resources.bucket;
  const { s3 } = made.hands;
  const { region, credentials, endpoints } = made.elsewhere();
  const storageOptions = { region, aws_access_key_id: credentials.accessKeyId, aws_secret_access_key: credentials.secretAccessKey, endpoint: endpoints.s3 ?? '', allow_http: 'true' };
  const open = () => makeOwnIndex(Bucket, { s3, storageOptions });
  return {
    index: open(),
    another: open,
    async files() {
      const files = new Map<string, Uint8Array>();
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
      for (const { Key = '' } of Contents) files.set(Key, await buffer((await s3.send(new GetObjectCommand({ Bucket, Key }))).Body as Readable));
      return files;
    },
    close: () => world.close(),
  };
});
