/** Valid records of files and of what is made of them; see records.ts. */
import { randomUUID } from 'node:crypto';
import { File } from '../../shared/domain/file.ts';
import { newId } from '../../shared/domain/ids.ts';
import { type AnnouncedUpload, INCOMING_KEPT_MS, Upload, type UploadIn, UPLOAD_WINDOW_MS } from '../../shared/domain/upload.ts';
import { AUTO_CHUNKING, FileBatch, NO_FILES, VectorStore, VectorStoreFile, type VectorStoreFileIn } from '../../shared/domain/vector-store.ts';
import { START_MS } from './manual-clock.ts';
import { PROJECT } from './records.ts';

const born = { projectId: PROJECT, rev: 0, createdAtMs: START_MS };

export const aFile = (fields: Partial<File> = {}): File =>
  File.parse({ ...born, id: newId('file', START_MS), purpose: 'assistants', filename: 'notes.txt', bytes: 5, pieces: [{ key: 'files/proj_test/upload_1/whole', bytes: 5 }], ...fields });

/** What makes one status differ from another, and perhaps more. */
type Of<T, S> = { status: S } & Partial<T>;

export const anUpload = <S extends AnnouncedUpload['status']>(fields: Of<UploadIn<S>, S>): Upload =>
  Upload.parse({
    ...born,
    id: newId('upload', START_MS),
    filename: 'notes.txt',
    purpose: 'assistants',
    bytes: 5,
    expiresAtMs: START_MS + UPLOAD_WINDOW_MS,
    removeAfterMs: START_MS + 2 * UPLOAD_WINDOW_MS,
    ...fields,
  });

/** What no client sees. */
export const anIncoming = (fields: Partial<UploadIn<'incoming'>> = {}): UploadIn<'incoming'> => ({
  ...born,
  id: newId('upload', START_MS),
  removeAfterMs: START_MS + INCOMING_KEPT_MS,
  status: 'incoming',
  key: 'files/proj_test/upload_1/whole',
  ...fields,
});

export const aVectorStore = (fields: Partial<VectorStore> = {}): VectorStore =>
  VectorStore.parse({ ...born, id: newId('vector_store', START_MS), metadata: {}, lastActiveAtMs: START_MS, usageBytes: 0, counts: NO_FILES, ...fields });

export const aStoreFile = <S extends VectorStoreFile['status']>(fields: Of<VectorStoreFileIn<S>, S>): VectorStoreFile =>
  VectorStoreFile.parse({
    ...born,
    id: newId('file', START_MS),
    vectorStoreId: 'vs_000000000000000000000001',
    filename: 'notes.txt',
    attributes: {},
    chunking: AUTO_CHUNKING,
    indexId: randomUUID(),
    ...fields,
  });

export const aFileBatch = (fields: Partial<FileBatch> = {}): FileBatch =>
  FileBatch.parse({ ...born, id: newId('file_batch', START_MS), vectorStoreId: 'vs_000000000000000000000001', counts: NO_FILES, isCancelled: false, pending: [], ...fields });
