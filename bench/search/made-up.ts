/** Texts and vectors as many as are wanted, the same each time: words as frequent as those of a language, vectors that lie in clusters. */
const SYLLABLES = 'ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru sa se si so su ta te ti to tu'.split(' ');
const WORDS = 30_000;
const CLUSTERS = 200;
const SPREAD = 0.9;

export class MadeUp {
  readonly #vocabulary = Array.from({ length: WORDS }, (_, n) => wordOf(n + SYLLABLES.length));
  readonly #reach: number[] = [];
  readonly #centres: Float32Array[];
  #state = 12_345;

  constructor(dimensions: number) {
    let sum = 0;
    // Zipf: the n-th word is as frequent as 1 / n.
    for (let n = 0; n < WORDS; n++) this.#reach.push((sum += 1 / (n + 10)));
    this.#centres = Array.from({ length: CLUSTERS }, () => Float32Array.from({ length: dimensions }, () => this.#chance() * 2 - 1));
  }

  text(words: number): string {
    return Array.from({ length: words }, () => this.#word()).join(' ');
  }

  vector(): Float32Array {
    const centre = this.#centres[Math.floor(this.#chance() * CLUSTERS)] ?? new Float32Array();
    return centre.map((value) => value + (this.#chance() * 2 - 1) * SPREAD);
  }

  #word(): string {
    const wanted = this.#chance() * (this.#reach.at(-1) ?? 0);
    let [from, to] = [0, WORDS - 1];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#reach[middle] ?? 0) < wanted) from = middle + 1;
      else to = middle;
    }
    return this.#vocabulary[from] ?? '';
  }

  #chance(): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#state / 2 ** 32;
  }
}

function wordOf(n: number): string {
  let word = '';
  for (let rest = n; rest > 0; rest = Math.floor(rest / SYLLABLES.length)) word += SYLLABLES[rest % SYLLABLES.length] ?? '';
  return word;
}
