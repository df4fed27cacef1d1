import type { FileError } from '../domain/vector-store.ts';
import type { DocumentError } from '../ports/documents.ts';
import { TooManyTokensError } from '../tools/chunker.ts';

export const SERVER_ERROR: FileError = { code: 'server_error', message: 'The file could not be processed because of an error of the server.' };

export const TOO_LARGE = 'The file could not be parsed because it is too large.';

/** What a client is told of a file that cannot be searched. */
export const whatIsWrong = (error: DocumentError | TooManyTokensError): FileError =>
  error instanceof TooManyTokensError
    ? { code: 'invalid_file', message: `The file has more than ${error.mostTokens} tokens, which is the most that a file in a vector store may have.` }
    : { code: error.code, message: error.message };
