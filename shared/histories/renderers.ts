import type { Export } from '../domain/export.ts';
import { markdown } from './markdown.ts';
import type { Renderer } from './renderer.ts';
import { jsonLines } from './to-lines.ts';

export const RENDERERS: Readonly<Record<Export['format'], Renderer>> = { jsonl: jsonLines, markdown };

/** Where an export's file is. */
export const blobKeyOf = ({ projectId, id, format }: Pick<Export, 'projectId' | 'id' | 'format'>): string => `exports/${projectId}/${id}.${RENDERERS[format].extension}`;
