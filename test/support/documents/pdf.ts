/** PDF files made object by object. */

export interface PdfSettings {
  /** Further entries of the trailer. */
  trailer?: string;
  header?: string;
}

/** Objects are numbered from 1; the first is the catalog. */
export function pdfOf(objects: readonly string[], { trailer = '', header = '%PDF-1.7\n' }: PdfSettings = {}): Buffer {
  let text = header;
  const offsets = objects.map((object, n) => {
    const offset = text.length;
    text += `${n + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const start = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')}`;
  text += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R ${trailer} >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}

export const streamOf = (content: string, entries = ''): string => `<< /Length ${content.length} ${entries} >>\nstream\n${content}\nendstream`;
export const FONT = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>';
const CATALOG = '<< /Type /Catalog /Pages 2 0 R >>';

/** A page for each text, a line for each of its lines. */
export function pdf(...pages: string[]): Buffer {
  const kids = pages.map((_, n) => `${4 + n * 2} 0 R`);
  const objects = [CATALOG, `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${pages.length} >>`, FONT];
  for (const [n, text] of pages.entries()) {
    const lines = text.split('\n').map((line) => `(${line.replace(/[()\\]/g, '\\$&')}) Tj T*`);
    objects.push(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + n * 2} 0 R >>`);
    objects.push(streamOf(`BT /F1 12 Tf 14 TL 72 720 Td ${lines.join(' ')} ET`));
  }
  return pdfOf(objects);
}
