/** What was counted, as text. */
import type { Deployment } from '../../test/cloud/harness/deployment.ts';
import { type Row, format, held } from '../support/table.ts';
import { amountsOf, tellingOf, usdForAMillion } from './bill.ts';
import { type Counts, sum } from './counts.ts';
import { type Cell, grid } from './grid.ts';
import { BEFORE_FIRST_TOKEN, type Kind, type Played, kinds } from './kinds.ts';
import { MODEL_MS, OTHER_MS } from './lambda-time.ts';
import type { Measured, Waiting } from './measure.ts';
import { type Path, transitionsOf } from './transitions.ts';

interface Around {
  deployment: Deployment;
  path: Path;
}

const count = (value: number): string => String(value);
const titled = (title: string, table: string): string => `${title}\n\n${table}`;

const units = ({ billed }: Counts) => ({ write: billed.writeUnit ?? 0, read: billed.readUnit ?? 0 });
const invoked = ({ invocations }: Counts): number => Object.values(invocations).reduce((all, one) => all + one, 0);

/** What each kind of run has caused, and what a million of it cost. */
export function kindsTable({ deployment, path }: Around, byKind: Record<Kind, Played>): string {
  const { plain } = byKind;
  const columns: { name: string; counts: Counts; kind?: Kind }[] = [
    ...kinds.map((kind) => ({ name: kind, counts: byKind[kind].whole, kind })),
    { name: 'read the answer', counts: plain.parts['list'] ?? sum([]) },
    { name: 'one poll', counts: plain.parts['poll'] ?? sum([]) },
  ];
  const line = (what: string, of: (counts: Counts, kind?: Kind) => Cell): Cell[] => [what, ...columns.map(({ counts, kind }) => of(counts, kind))];
  const usd = (what: string, ...only: Parameters<typeof usdForAMillion>[1][]): Cell[] =>
    line(what, (counts, kind) => usdForAMillion(amountsOf(deployment, path, counts, kind), ...only));
  const transitions = ({ billed, invocations }: Counts) => transitionsOf(path, { started: billed.execution ?? 0, wentOff: invocations['RunTimer'] ?? 0 });
  return grid(
    ['', ...columns.map(({ name }) => name)],
    [
      line('DynamoDB write units', (counts) => units(counts).write),
      line('DynamoDB read units', (counts) => units(counts).read),
      line('SQS requests', ({ billed }) => billed.sqsRequest ?? 0),
      line('S3 requests', ({ billed }) => (billed.s3Put ?? 0) + (billed.s3Get ?? 0)),
      line('state transitions (by rule)', transitions),
      line('Lambda invocations', invoked),
      line('  of them api', ({ invocations }) => invocations['Api'] ?? 0),
      line('API requests', ({ billed }) => billed.apiRequest ?? 0),
      [],
      usd('US$ for a million: DynamoDB', 'writeUnit', 'readUnit'),
      usd('  API Gateway', 'apiRequest'),
      usd('  Lambda', 'lambdaRequest', 'lambdaGbSecond'),
      usd('  SQS', 'sqsRequest'),
      usd('  S3', 's3Put', 's3Get'),
      usd('  Step Functions', 'stateTransition'),
      usd('  in all'),
      [],
      line('Records told to the event-teller', ({ told }) => told),
      line('US$ for a million: the event-teller, at most', (counts) => usdForAMillion(tellingOf(deployment, counts))),
    ],
  );
}

/** What each part of a run causes. */
export const partsTable = (byKind: Record<Kind, Played>): string =>
  grid(
    ['', 'write', 'read', 'SQS', 'Lambda', 'API'],
    kinds.flatMap((kind) => Object.entries(byKind[kind].parts).map(([part, counts]) => [`${kind}: ${part}`, ...Object.values(units(counts)), counts.billed.sqsRequest ?? 0, invoked(counts), counts.billed.apiRequest ?? 0])),
  );

/** Each figure by the length of the thread, and the longest's ratio to the shortest's. */
export function growthTable(byThread: Measured['byThread']): string {
  const threads = Object.keys(byThread);
  const figures: [string, (counts: Counts) => number][] = [
    ['write units', (counts) => units(counts).write],
    ['read units, queries aside', (counts) => units(counts).read - counts.queryUnits],
    ['read units of queries', ({ queryUnits }) => queryUnits],
    ['SQS requests', ({ billed }) => billed.sqsRequest ?? 0],
    ['Lambda invocations', invoked],
  ];
  const rows = kinds.flatMap((kind) =>
    figures.map(([what, of]) => {
      const values = threads.map((name) => of(byThread[name]?.[kind].whole ?? sum([])));
      const [first = 0, , last20 = 0] = values;
      return [`${kind}: ${what}`, ...values, `× ${(last20 / first).toFixed(2)}`, `× ${((values.at(-1) ?? 0) / first).toFixed(2)}`];
    }),
  );
  return grid(['', ...threads, '1,000 ÷ 1, last 20', '1,000 ÷ 1, auto'], rows);
}

export const sizesTable = (bySize: Measured['bySize']): string =>
  grid(['plain run with', 'write', 'read'], Object.entries(bySize).map(([name, { whole }]) => [name, units(whole).write, units(whole).read]));

export const waitsTable = (waiting: Waiting): string =>
  Object.entries(waiting)
    .flatMap(([name, byKind]) =>
      (['streamed', 'plain'] as const).flatMap((kind) => {
        const { database, all } = byKind[kind];
        const shown = all.length > 6 ? [...all.slice(0, 6), [`… ${all.length - 6} more`]] : all;
        return [`${kind}, thread of ${name}: ${database.length} of the database, ${all.length} of all services`, ...shown.map((trip, at) => `    ${at + 1}. ${trip.join(', ')}`)];
      }),
    )
    .join('\n');

/** What the issue asks for. */
export function aims(byThread: Measured['byThread'], waiting: Waiting): string {
  const one = byThread['1'];
  const waits = waiting['1'];
  if (!one || !waits) throw new Error('nothing was measured on a thread of one message');
  const { write, read } = units(one.plain.whole);
  const before = one.streamed.parts[BEFORE_FIRST_TOKEN]?.requests ?? {};
  const of = (name: string) => (trips: readonly string[]) => trips.some((call) => call.startsWith(`${name} `));
  const rows: Row[] = [
    held('plain run with one message: write units', write, count, { most: 20 }),
    held('plain run with one message: read units', read, count, { most: 10 }),
    held('streamed: waits for the database before the model is asked', waits.streamed.database.length, count, { most: 2 }),
    held('plain: waits for the database, in api', waits.plain.database.filter(of('Api')).length, count, { most: 2 }),
    held('plain: waits for the database, in run-worker', waits.plain.database.filter(of('RunWorker')).length, count, { most: 2 }),
    held('streamed: messages received before the first token', before['sqs:ReceiveMessage'] ?? 0, count, { most: 0 }),
    { what: 'streamed: messages sent before the first token, delayed', value: count(before['sqs:SendMessage'] ?? 0) },
  ];
  return format(rows);
}

export function report(around: Around, { byThread, bySize }: Measured, waiting: Waiting): string {
  const one = byThread['1'];
  if (!one) throw new Error('nothing was measured on a thread of one message');
  return [
    titled('A run on a thread of one message, that message included; reading the answer and polls beside it', kindsTable(around, one)),
    `Lambda is priced at ${MODEL_MS / 1000} s for each call to the model and ${OTHER_MS} ms for each invocation beside it, stated and not measured. State transitions are AWS's rule
applied to the definition. The event-teller is priced apart, as if each record came alone and its project had no webhooks. Not here: what comes with several runs at once (the worker takes up to ten jobs in one invocation), logs, traces,
storage, transfer, KMS (the services keep data keys), the model's key (read once in five minutes by each environment).`,
    titled('The parts', partsTable(one)),
    titled('By the length of the thread', growthTable(byThread)),
    titled('By size', sizesTable(bySize)),
    titled('Waits for AWS, one after another, between the request and the call to the model', waitsTable(waiting)),
    titled('Aims', aims(byThread, waiting)),
  ].join('\n\n');
}
