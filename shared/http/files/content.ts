import { findFile } from '../../actions/find.ts';
import { readContent } from '../../actions/read-content.ts';
import { InvalidRequestError } from '../../domain/errors.ts';
import type { FilePurpose } from '../../domain/file.ts';
import { endpoint } from '../endpoint.ts';

/** What was uploaded for these is not given out again, as the hosted service did not (contract §9). */
const KEPT_IN: readonly FilePurpose[] = ['assistants', 'user_data'];

/** Larger files are fetched past this server where that is possible. */
const MOST_BYTES_THROUGH = 4 * 1024 * 1024;
const LINK_SECONDS = 300;

export const downloadFile = endpoint({
  async handle({ world, projectId, id }) {
    const file = await findFile(world, projectId, id('file_id'));
    if (KEPT_IN.includes(file.purpose)) throw new InvalidRequestError(`Not allowed to download files of purpose: ${file.purpose}`);
    const [only, ...others] = file.pieces;
    const link = only && others.length === 0 && file.bytes > MOST_BYTES_THROUGH ? await world.blobs.link(only.key, LINK_SECONDS, file.filename) : undefined;
    if (link) return new Response(null, { status: 302, headers: { location: link.href, 'cache-control': 'no-store' } });
    const headers = {
      // Never by its name: a browser must not run what a stranger has uploaded.
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'content-length': String(file.bytes),
      'content-disposition': `attachment; filename="${plain(file.filename)}"; filename*=UTF-8''${encoded(file.filename)}`,
    };
    return new Response(readContent(world, file), { headers });
  },
});

/** For clients that do not read the other form. */
const plain = (name: string): string => name.replaceAll(/[^A-Za-z0-9._ -]/g, '_');

/** RFC 5987; a lone surrogate has no UTF-8. */
const encoded = (name: string): string => encodeURIComponent(name.toWellFormed()).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
