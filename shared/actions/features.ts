import { InvalidRequestError } from '../domain/errors.ts';
import type { Feature, World } from '../ports/world.ts';

export const hasFeature = ({ config }: Pick<World, 'config'>, feature: Feature): boolean => config.lacks?.has(feature) !== true;

/** A setting that nobody would obey is refused, by the name of its parameter. */
export function demandFeature(world: Pick<World, 'config'>, feature: Feature, param: string): void {
  if (!hasFeature(world, feature)) throw new InvalidRequestError(`'${param}' is not available on this server yet.`, param, 'unsupported_parameter');
}
