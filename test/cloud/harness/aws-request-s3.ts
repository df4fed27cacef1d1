/** What requests to S3 ask for: their operation stands in method, path and query. */
import { asking, type KnownBucket, unknown, usingKey } from './aws-asking.ts';
import type { AwsRequest, RawRequest } from './aws-request.ts';
import type { Asked } from './iam.ts';

interface Shape {
  method: string;
  /** On an object, or on the bucket itself. */
  object: boolean;
  /** Query parameters by which it is known. */
  by?: string[];
  operation: string;
  action: string;
  /** What it does with the bucket's key, if the customer has one. */
  kms?: string[];
}

const IN_PARTS = ['kms:Decrypt', 'kms:GenerateDataKey'];

const SHAPES: Shape[] = [
  { method: 'GET', object: true, operation: 'GetObject', action: 's3:GetObject', kms: ['kms:Decrypt'] },
  { method: 'HEAD', object: true, operation: 'HeadObject', action: 's3:GetObject' },
  { method: 'PUT', object: true, operation: 'PutObject', action: 's3:PutObject', kms: ['kms:GenerateDataKey'] },
  { method: 'DELETE', object: true, operation: 'DeleteObject', action: 's3:DeleteObject' },
  { method: 'POST', object: true, by: ['uploads'], operation: 'CreateMultipartUpload', action: 's3:PutObject', kms: IN_PARTS },
  { method: 'PUT', object: true, by: ['partNumber', 'uploadId'], operation: 'UploadPart', action: 's3:PutObject', kms: IN_PARTS },
  { method: 'POST', object: true, by: ['uploadId'], operation: 'CompleteMultipartUpload', action: 's3:PutObject', kms: IN_PARTS },
  { method: 'DELETE', object: true, by: ['uploadId'], operation: 'AbortMultipartUpload', action: 's3:AbortMultipartUpload' },
  { method: 'HEAD', object: false, operation: 'HeadBucket', action: 's3:ListBucket' },
  { method: 'GET', object: false, by: ['list-type'], operation: 'ListObjectsV2', action: 's3:ListBucket' },
  { method: 'POST', object: false, by: ['delete'], operation: 'DeleteObjects', action: 's3:DeleteObject' },
];

/** Parameters that only say how, and ask for nothing more. `x-id` is the client's own note. */
const HOW = /^(x-id|prefix|delimiter|max-keys|continuation-token|start-after|encoding-type|fetch-owner|response-.+|x-amz-checksum-mode)$/;
/** Of a link: what other requests say in headers. */
const SIGNED = /^X-Amz-(Algorithm|Content-Sha256|Credential|Date|Expires|Security-Token|Signature|SignedHeaders)$/;
/** Headers that ask for more than the operation by itself. */
const MORE = /^x-amz-(copy-source|acl|grant-|tagging|server-side-encryption|object-lock|bypass-governance|website)/;

export function readS3({ method, url, headers, body }: RawRequest, buckets: KnownBucket[]): Omit<AwsRequest, 'service'> {
  const { pathname, searchParams } = new URL(url, 'http://front');
  const [bucketName = '', ...rest] = pathname.slice(1).split('/');
  const key = decodeURIComponent(rest.join('/'));
  const bucket = buckets.find(({ name }) => name === bucketName);
  const by = [...searchParams.keys()].filter((name) => !HOW.test(name) && !SIGNED.test(name)).sort();
  const shape = SHAPES.find((known) => known.method === method && known.object === (key !== '') && (known.by ?? []).join() === by.join());
  const more = Object.keys(headers).filter((name) => MORE.test(name));
  if (!bucket || !shape || more.length > 0) throw unknown(`s3: ${method} ${url} ${more.join(' ')}`);
  return { operation: shape.operation, input: { Bucket: bucketName, ...(key !== '' && { Key: key }) }, asked: [...onWhat(shape, bucket, key, body), ...withKey(shape, bucket)] };
}

function onWhat({ operation, action, object }: Shape, bucket: KnownBucket, key: string, body: Buffer): Asked[] {
  const context = { 's3:TlsVersion': ['1.3'] };
  if (operation === 'DeleteObjects') return keysIn(body.toString()).map((each) => asking(action, `${bucket.arn}/${each}`, context));
  return [asking(action, object ? `${bucket.arn}/${key}` : bucket.arn, context)];
}

const withKey = ({ kms = [] }: Shape, { kmsKeyArn }: KnownBucket): Asked[] => (kmsKeyArn === undefined ? [] : kms.map((action) => usingKey(action, kmsKeyArn, 's3')));

function keysIn(xml: string): string[] {
  const keys = [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => unescaped(key));
  if (keys.length === 0 || xml.includes('<VersionId>')) throw unknown(`s3: DeleteObjects ${xml}`);
  return keys;
}

const ENTITIES: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

const unescaped = (text: string): string =>
  text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (all, hex: string | undefined, decimal: string | undefined, name = '') => {
    const code = hex !== undefined ? parseInt(hex, 16) : decimal !== undefined ? parseInt(decimal, 10) : undefined;
    return code === undefined ? (ENTITIES[String(name)] ?? String(all)) : String.fromCodePoint(code);
  });
