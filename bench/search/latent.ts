/**
 * Vectors without a model: latent semantic analysis (Deerwester and others, 1990) of the very texts that are searched. Words that stand in like texts
 * come to have like directions, so a question finds a text that says it in other words; nothing is known beyond these texts. Far from what a real
 * embedding model does, and honest: computed here, from nothing that could know the answers.
 */
/** What stands in fewer texts has no company that it could be known by. */
const LEAST_TEXTS = 3;

export class LatentSpace {
  readonly dimensions: number;
  readonly #weights = new Map<string, number>();
  readonly #directions = new Map<string, Float64Array>();

  constructor(texts: readonly string[], dimensions: number) {
    this.dimensions = dimensions;
    const bags = texts.map(bagOf);
    const inTexts = new Map<string, number>();
    for (const bag of bags) for (const word of bag.keys()) inTexts.set(word, (inTexts.get(word) ?? 0) + 1);
    for (const [word, count] of inTexts) if (count >= LEAST_TEXTS) this.#weights.set(word, Math.log((texts.length + 1) / count));
    const rows = bags.map((bag) => this.#weighted(bag));
    const { values, vectors } = strongest(gramOf(rows), dimensions);
    for (const word of inTexts.keys()) this.#directions.set(word, new Float64Array(dimensions));
    for (const [at, row] of rows.entries()) {
      for (const [word, weight] of row) {
        const direction = this.#directions.get(word);
        if (direction) for (let k = 0; k < dimensions; k++) direction[k] = (direction[k] ?? 0) + (weight * (vectors[k]?.[at] ?? 0)) / Math.sqrt(values[k] ?? 1);
      }
    }
  }

  vectorOf(text: string): Float32Array {
    const sum = new Float64Array(this.dimensions);
    for (const [word, weight] of this.#weighted(bagOf(text))) {
      const direction = this.#directions.get(word);
      if (direction) for (let k = 0; k < sum.length; k++) sum[k] = (sum[k] ?? 0) + weight * (direction[k] ?? 0);
    }
    return Float32Array.from(sum);
  }

  #weighted(bag: ReadonlyMap<string, number>): Map<string, number> {
    return new Map([...bag].flatMap(([word, count]) => (this.#weights.has(word) ? [[word, (1 + Math.log(count)) * (this.#weights.get(word) ?? 0)] as const] : [])));
  }
}

/** Words alone: numbers and codes are as good as unknown to models of meaning too. */
function bagOf(text: string): Map<string, number> {
  const bag = new Map<string, number>();
  for (const word of text.toLowerCase().match(/(?<![\p{L}\p{N}])\p{L}{2,}(?![\p{L}\p{N}])/gu) ?? []) bag.set(stemOf(word), (bag.get(stemOf(word)) ?? 0) + 1);
  return bag;
}

const stemOf = (word: string): string => (word.length > 4 ? word.replace(/(ing|ed|es|s)$/, '') : word);

/** How alike each two texts are. */
function gramOf(rows: readonly ReadonlyMap<string, number>[]): Float64Array[] {
  return rows.map((a) => Float64Array.from(rows, (b) => [...a].reduce((sum, [word, weight]) => sum + weight * (b.get(word) ?? 0), 0)));
}

/** The largest eigenvalues of a symmetric matrix and their vectors, by orthogonal iteration. */
function strongest(matrix: readonly Float64Array[], count: number): { values: number[]; vectors: Float64Array[] } {
  const ROUNDS = 60;
  let vectors = Array.from({ length: count }, (_, k) => Float64Array.from(matrix, (__, at) => Math.sin((k + 1) * (at + 1) * 1.7)));
  let values: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const moved = vectors.map((vector) => Float64Array.from(matrix, (row) => dot(row, vector)));
    values = [];
    for (const [k, vector] of moved.entries()) {
      for (const earlier of moved.slice(0, k)) {
        const share = dot(earlier, vector);
        for (let at = 0; at < vector.length; at++) vector[at] = (vector[at] ?? 0) - share * (earlier[at] ?? 0);
      }
      const size = Math.sqrt(dot(vector, vector)) || 1;
      values.push(size);
      for (let at = 0; at < vector.length; at++) vector[at] = (vector[at] ?? 0) / size;
    }
    vectors = moved;
  }
  return { values, vectors };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}
