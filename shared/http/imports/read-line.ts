import type { Incoming } from '../../actions/import-history.ts';
import { type Importing, toAssistant, toMessage, toRun, toStep, toThread } from '../../histories/from-lines.ts';
import { FORMAT, VERSION } from '../../histories/to-lines.ts';
import { checkShape } from '../body.ts';

export type LineKind = Incoming['kind'];
export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The kinds that an export has lines of. */
export const isExportKind = (type: unknown): type is Exclude<LineKind, 'assistant'> => type === 'thread' || type === 'message' || type === 'run' || type === 'step';

export const NOT_JSON = Symbol('not JSON');

/** Undefined for a blank line. */
export function parseLine(bytes: Buffer): unknown {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    if (text.trim() === '') return undefined;
    const value = JSON.parse(text) as unknown;
    checkShape(value, 0);
    return value;
  } catch {
    return NOT_JSON;
  }
}

/** RefusedError when it is no such record. */
export function readRecord(kind: LineKind, data: unknown, importing: Importing, line: number): Incoming {
  switch (kind) {
    case 'assistant':
      return { kind, line, record: toAssistant(data, importing) };
    case 'thread':
      return { kind, line, record: toThread(data, importing) };
    case 'message':
      return { kind, line, record: toMessage(data, importing) };
    case 'run':
      return { kind, line, record: toRun(data, importing) };
    case 'step':
      return { kind, line, record: toStep(data, importing) };
  }
}

export const isHeader = (value: unknown): boolean => isObject(value) && value['type'] === 'header' && value['format'] === FORMAT && value['version'] === VERSION;

export function whyNot(value: unknown): string {
  if (value === NOT_JSON) return 'is no JSON';
  if (isObject(value) && value['type'] === 'header') return `is of no format that is known here: only ${FORMAT}, version ${VERSION}`;
  return 'is no line of an export, nor what a list of the API returns';
}
