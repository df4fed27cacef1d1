import { createHash } from 'node:crypto';
import type { StorePlace } from '../ports/search-index.ts';

/**
 * The folder of a store, below the index's own: `<project>/<store>`. Readable, the same on file systems that know no capitals, and safe whatever
 * a project is called.
 */
export const folderOf = ({ projectId, vectorStoreId }: StorePlace): string => `${nameOf(projectId)}/${nameOf(vectorStoreId)}`;

const nameOf = (id: string): string => `${id.toLowerCase().replace(/[^a-z0-9_-]/g, '_').slice(0, 40)}-${createHash('sha256').update(id).digest('hex').slice(0, 16)}`;
