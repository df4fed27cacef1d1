import { InvalidRequestError } from '../domain/errors.ts';
import { UnsafeUrlError } from '../ports/outbound.ts';
import type { World } from '../ports/world.ts';

/** InvalidRequestError for a URL that nothing may be sent to. */
export function checkUrl({ outbound }: Pick<World, 'outbound'>, url: string): void {
  try {
    outbound.check(url);
  } catch (error) {
    if (error instanceof UnsafeUrlError) throw new InvalidRequestError(`Invalid 'url': ${error.message}`, 'url', 'invalid_value');
    throw error;
  }
}
