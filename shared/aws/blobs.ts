/** Files in S3, beside the bodies of large records (bodies.ts), under keys of their own. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type Blobs, PartsError, UploadGoneError, checkKey, inOrder } from '../ports/blobs.ts';

/** The most that one request deletes. */
const MOST_DELETED = 1000;
/** S3's names for parts that do not make a file. */
const PARTS_ERRORS = new Set(['InvalidPart', 'InvalidPartOrder', 'EntityTooSmall']);

export function makeBlobs(s3: S3Client, Bucket: string): Blobs {
  const at = (key: string) => ({ Bucket, Key: checkKey(key) });
  const exists = async (key: string) => {
    try {
      await s3.send(new HeadObjectCommand(at(key)));
      return true;
    } catch (error) {
      if (error instanceof NotFound) return false;
      throw error;
    }
  };
  return {
    async begin(key, ContentType) {
      // Parts come with this checksum; the upload has to expect it.
      const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ ...at(key), ContentType, ChecksumAlgorithm: 'CRC32' }));
      if (UploadId === undefined) throw new Error(`S3 has begun no upload of ${key}`);
      return UploadId;
    },
    async putPart(key, UploadId, PartNumber, Body) {
      const { ETag, ChecksumCRC32 } = await orGone(UploadId, () => s3.send(new UploadPartCommand({ ...at(key), UploadId, PartNumber, Body, ChecksumAlgorithm: 'CRC32' })));
      return [ETag, ChecksumCRC32].filter((text) => text !== undefined).join(' ');
    },
    async complete(key, UploadId, parts) {
      const Parts = inOrder(parts).map(({ number, tag }) => {
        const [ETag, ChecksumCRC32] = tag.split(' ');
        return { PartNumber: number, ETag, ChecksumCRC32 };
      });
      try {
        await orGone(UploadId, () => s3.send(new CompleteMultipartUploadCommand({ ...at(key), UploadId, MultipartUpload: { Parts } })));
      } catch (error) {
        if (error instanceof UploadGoneError && (await exists(key))) return;
        throw error instanceof S3ServiceException && PARTS_ERRORS.has(error.name) ? new PartsError(error.message, { cause: error }) : error;
      }
    },
    async abort(key, UploadId) {
      try {
        await orGone(UploadId, () => s3.send(new AbortMultipartUploadCommand({ ...at(key), UploadId })));
      } catch (error) {
        if (!(error instanceof UploadGoneError)) throw error;
      }
    },
    async put(key, Body, ContentType) {
      await s3.send(new PutObjectCommand({ ...at(key), Body, ContentType }));
    },
    async read(key) {
      try {
        const { ContentLength = 0, Body } = await s3.send(new GetObjectCommand(at(key)));
        return Body && { bytes: ContentLength, body: Body.transformToWebStream() as ReadableStream<Uint8Array> };
      } catch (error) {
        if (error instanceof NoSuchKey) return undefined;
        throw error;
      }
    },
    async remove(keys) {
      for (let from = 0; from < keys.length; from += MOST_DELETED) {
        const Objects = keys.slice(from, from + MOST_DELETED).map((key) => ({ Key: checkKey(key) }));
        const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
        if (Errors.length > 0) throw new Error(`S3 has not removed ${Errors.length} files: ${Errors[0]?.Code}`);
      }
    },
    async link(key, expiresIn, fileName) {
      const ResponseContentDisposition = `attachment; filename="${fileName.replaceAll(/[^A-Za-z0-9._-]/g, '_')}"`;
      return new URL(await getSignedUrl(s3, new GetObjectCommand({ ...at(key), ResponseContentDisposition }), { expiresIn }));
    },
  };
}

async function orGone<T>(upload: string, ask: () => Promise<T>): Promise<T> {
  // Without one the same requests would put, or delete, the file itself.
  if (upload === '') throw new UploadGoneError('there is no upload');
  try {
    return await ask();
  } catch (error) {
    throw error instanceof S3ServiceException && error.name === 'NoSuchUpload' ? new UploadGoneError(`there is no upload ${upload}`, { cause: error }) : error;
  }
}
