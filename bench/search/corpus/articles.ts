/** Three hundred short articles and the questions about them: made by rule, the same each time. Our own text. */
import { BULLETINS } from './bulletins.ts';
import { pick } from './pick.ts';
import { PRODUCTS, type Product } from './products.ts';
import { TOPICS, type Topic } from './topics.ts';

export interface Article {
  id: string;
  text: string;
}

export interface Question {
  text: string;
  /** The one article that answers it. */
  answer: string;
}

/** The numbers of all articles differ where it matters. */
const fillIn = (text: string, product: Product, topicAt: number, wording: number): string => {
  const values: Record<string, string> = {
    name: product.name,
    code2: product.code,
    code: String(100 + product.seed * 31),
    kind: product.kinds[wording % 3] ?? product.kinds[0],
    part: product.part,
    place: product.place,
    n: String(((product.seed * 7 + topicAt * 13) % 60) + 5),
  };
  return text.replace(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
};

/** Which wording an article has: another one from product to product, and within an article. */
const wordingOf = (product: Product, topicAt: number, sentenceAt: number): number => pick(3, product.seed, topicAt, sentenceAt);

const ASIDES = ['In other words, with the {name}:', 'The workshop for the {name} adds:', 'Owners of a {name} ask about this often.', 'The short version for the {name}:', 'Remember with every {name}:'];

const HANDBOOK: readonly Article[] = PRODUCTS.flatMap((product) => TOPICS.map((topic, topicAt) => ({ id: idOf(product, topic), text: write(product, topic, topicAt) })));
/** The handbook, and three service bulletins a product that differ in little but their numbers. */
export const ARTICLES: readonly Article[] = [...HANDBOOK, ...BULLETINS.map(({ id, text }) => ({ id, text }))];

function idOf(product: Product, topic: Topic): string {
  return `${product.name.toLowerCase()}-${topic.id}`;
}

function write(product: Product, topic: Topic, topicAt: number): string {
  const main = wordingOf(product, topicAt, 0);
  const lines = topic.sentences.map((wordings, at) => wordings[wordingOf(product, topicAt, at)] ?? wordings[0]);
  // Who writes says things twice, and the second time otherwise.
  const again = pick(topic.sentences.length, product.seed, topicAt, 8);
  lines.push(`${ASIDES[pick(ASIDES.length, product.seed, topicAt, 9)] ?? ''} ${topic.sentences[again]?.[(wordingOf(product, topicAt, again) + 1 + pick(2, product.seed, topicAt, 10)) % 3] ?? ''}`);
  const kind = product.kinds[pick(3, product.seed, topicAt, 7)] ?? product.kinds[0];
  const title = `${topic.title[main] ?? topic.title[0]}: ${product.name} ${product.code}, ${kind} for the ${product.place}`;
  return [title, ...lines].map((line) => fillIn(line, product, topicAt, main)).join('\n');
}

/** In the words of an article that is worded otherwise, with another name of the thing than its title has. */
const ABOUT_TOPICS = TOPICS.flatMap((topic, topicAt) =>
  PRODUCTS.filter(({ seed }) => pick(5, seed, topicAt, 11) < 2).map((product) => {
    const asked = topic.questions[pick(3, product.seed, topicAt, 12)] ?? topic.questions[0];
    return { text: fillIn(asked, product, topicAt, pick(3, product.seed, topicAt, 13)), answer: idOf(product, topic) };
  }),
);
export const QUESTIONS: readonly Question[] = [...ABOUT_TOPICS, ...BULLETINS.filter((_, at) => at % 3 === pick(3, at, 23)).map(({ id, question }) => ({ text: question, answer: id }))];
