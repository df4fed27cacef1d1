import { findExport } from '../../actions/find.ts';
import { InvalidRequestError, NotFoundError } from '../../domain/errors.ts';
import { RENDERERS, blobKeyOf } from '../../histories/renderers.ts';
import { endpoint } from '../endpoint.ts';

/** Larger files are fetched past this server where that is possible. */
const MOST_BYTES_THROUGH = 4 * 1024 * 1024;
const LINK_SECONDS = 300;

export const downloadExport = endpoint({
  async handle({ world, projectId, id }) {
    const record = await findExport(world, projectId, id('export_id'));
    if (record.status !== 'completed') throw new InvalidRequestError(`Export ${record.id} is '${record.status}'. Its content can be downloaded when it is 'completed'.`, undefined, 'export_not_completed');
    const key = blobKeyOf(record);
    const { contentType, extension } = RENDERERS[record.format];
    const fileName = `${record.id}.${extension}`;
    const link = record.bytes > MOST_BYTES_THROUGH ? await world.blobs.link(key, LINK_SECONDS, fileName) : undefined;
    if (link) return new Response(null, { status: 302, headers: { location: link.href, 'cache-control': 'no-store' } });
    const blob = await world.blobs.read(key);
    if (!blob) throw new NotFoundError('export', record.id);
    const headers = { 'content-type': contentType, 'content-length': String(blob.bytes), 'content-disposition': `attachment; filename="${fileName}"` };
    return new Response(blob.body, { headers });
  },
});
