/** What a document is, by its name and by how it begins. */

/** `text`: read as it is. The others have parsers. */
export type Kind = 'text' | ParsedKind;
export type ParsedKind = 'pdf' | 'docx' | 'doc' | 'pptx' | 'html';

const parsed: Record<string, ParsedKind> = { pdf: 'pdf', docx: 'docx', docm: 'docx', doc: 'doc', pptx: 'pptx', pptm: 'pptx', html: 'html', htm: 'html', xhtml: 'html' };

const text = new Set(
  `txt text md markdown mdx rst adoc tex bib csv tsv json jsonl ndjson yaml yml toml ini cfg conf properties env xml xsd xsl svg.txt log srt vtt sql graphql proto
  c h cc cpp cxx hpp hh cs java kt kts scala groovy gradle swift m mm go rs rb php pl pm lua r jl dart ex exs erl hs clj elm ml fs vb pas d zig nim
  js mjs cjs jsx ts mts cts tsx vue svelte css scss sass less sh bash zsh fish ps1 bat cmd py pyi ipynb tf hcl cmake mk make dockerfile diff patch`.split(/\s+/),
);

/** No text is expected in them, or none that we can get at: refused before anything is read. Whatever is in neither list is looked into. */
const refused = new Set(
  `png jpg jpeg jpe gif webp bmp tif tiff ico heic heif avif svg psd ai eps raw cr2 nef indd sketch fig
  mp3 wav ogg oga flac aac m4a wma opus aiff mid midi mp4 m4v mov avi mkv webm wmv flv mpg mpeg 3gp
  zip tar gz tgz bz2 xz zst 7z rar jar war cab iso dmg lz4 br z
  exe dll so dylib bin msi deb rpm apk app com o a lib obj class pyc wasm sys elf pkl pickle
  xls xlsx xlsm xlsb ods numbers ppt odt odp rtf pages key epub mobi azw azw3 djvu xps msg pst eml.gz
  db sqlite sqlite3 mdb accdb parquet avro orc feather npy npz h5 hdf5 mat onnx pt pth safetensors gguf
  ttf otf woff woff2 eot dwg dxf stl blend`.split(/\s+/),
);

/** Lower-case, without its dot; empty where there is none. `.profile` has none. */
export const extensionOf = (filename: string): string => /[^./\\]\.([^./\\]+)$/.exec(filename)?.[1]?.toLowerCase() ?? '';

export const isRefused = (filename: string): boolean => refused.has(extensionOf(filename));

/** Undefined when only the content can tell. */
export const kindByName = (filename: string): Kind | undefined => {
  const extension = extensionOf(filename);
  return text.has(extension) ? 'text' : Object.hasOwn(parsed, extension) ? parsed[extension] : undefined;
};

export interface Content {
  /** What can be read; `zip` and `ole` are a folder of parts, of which kind has yet to be seen. */
  kind?: Kind | 'zip' | 'ole';
  /** What it is, for a sentence. */
  name: string;
}

const signatures: readonly (Content & { begins: readonly string[] })[] = [
  { kind: 'pdf', name: 'a PDF document', begins: ['%PDF-'] },
  { kind: 'zip', name: 'a ZIP archive', begins: ['PK\x03\x04', 'PK\x05\x06'] },
  { kind: 'ole', name: 'an Office document', begins: ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'] },
  { name: 'an image', begins: ['\x89PNG\r\n\x1a\n', '\xff\xd8\xff', 'GIF87a', 'GIF89a', 'II*\0', 'MM\0*', '\0\0\x01\0'] },
  { name: 'a program', begins: ['\x7fELF', 'MZ\x90\0', 'MZ\0', '\xcf\xfa\xed\xfe', '\xca\xfe\xba\xbe', '\0asm'] },
  { name: 'an archive', begins: ['\x1f\x8b', 'BZh', '\xfd7zXZ\0', '7z\xbc\xaf\x27\x1c', 'Rar!\x1a\x07', '\x28\xb5\x2f\xfd'] },
  { name: 'sound or video', begins: ['OggS\0', 'fLaC', 'ID3\x03', 'ID3\x04', '\x1aE\xdf\xa3', 'RIFF'] },
  { name: 'a database', begins: ['SQLite format 3\0'] },
  { name: 'a rich text document', begins: ['{\\rtf1'] },
];

/** By its first bytes, of which a few hundred will do; undefined for what could be text. */
export function contentOf(head: Uint8Array): Content | undefined {
  const start = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 1024)).toString('latin1');
  // A PDF may have something before its first line.
  const known = signatures.find(({ begins }) => begins.some((beginning) => start.startsWith(beginning)));
  if (known) return known.name === 'sound or video' && start.startsWith('RIFF') && !/^RIFF....(WAVE|AVI |WEBP)/s.test(start) ? undefined : known;
  if (/^.{4}ftyp/s.test(start)) return { name: 'sound or video' };
  if (/^(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html)[\s>]/i.test(start)) return { kind: 'html', name: 'an HTML page' };
  return undefined;
}
