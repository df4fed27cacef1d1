/** Which files of a store a search is for, by their attributes (contract §2). */
import type { Attributes } from './vector-store.ts';

export type AttributeValue = Attributes[string];

export type AttributeFilter =
  | { type: 'eq' | 'ne' | 'gt' | 'gte' | 'lt' | 'lte'; key: string; value: AttributeValue }
  | { type: 'in' | 'nin'; key: string; value: readonly AttributeValue[] }
  | { type: 'and' | 'or'; filters: readonly AttributeFilter[] };

/**
 * Values are compared with values of their own type alone: the number 1 is not the string '1', and neither more nor less than it. A file without the
 * attribute fits `ne` and `nin`, and none of the others.
 */
export function fits(filter: AttributeFilter, attributes: Attributes): boolean {
  switch (filter.type) {
    case 'and':
      return filter.filters.every((each) => fits(each, attributes));
    case 'or':
      return filter.filters.some((each) => fits(each, attributes));
    case 'in':
    case 'nin':
      return (filter.value.includes(valueOf(attributes, filter.key) as AttributeValue)) === (filter.type === 'in');
    case 'eq':
    case 'ne':
      return (valueOf(attributes, filter.key) === filter.value) === (filter.type === 'eq');
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return isOrdered(filter.type, valueOf(attributes, filter.key), filter.value);
  }
}

const valueOf = (attributes: Attributes, key: string): AttributeValue | undefined => (Object.hasOwn(attributes, key) ? attributes[key] : undefined);

function isOrdered(type: 'gt' | 'gte' | 'lt' | 'lte', value: AttributeValue | undefined, bound: AttributeValue): boolean {
  if (value === undefined || typeof value !== typeof bound) return false;
  switch (type) {
    case 'gt':
      return value > bound;
    case 'gte':
      return value >= bound;
    case 'lt':
      return value < bound;
    case 'lte':
      return value <= bound;
  }
}
