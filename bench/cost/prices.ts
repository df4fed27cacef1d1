/**
 * What AWS asks, in US$: list prices of us-east-1 as of November 2026, from the services' public price pages, without free tiers and
 * volume discounts.
 */

export const PRICES = {
  /** DynamoDB on demand. */
  writeUnit: { usd: 0.625, per: 1_000_000 },
  readUnit: { usd: 0.125, per: 1_000_000 },
  /** SQS, standard queues. */
  sqsRequest: { usd: 0.4, per: 1_000_000 },
  /** Step Functions, standard workflows. */
  stateTransition: { usd: 0.025, per: 1000 },
  lambdaRequest: { usd: 0.2, per: 1_000_000 },
  /** Lambda on arm64. */
  lambdaGbSecond: { usd: 0.0000133334, per: 1 },
  /** API Gateway, REST APIs, up to 333 million a month; each 10 MB that are streamed are one more. */
  apiRequest: { usd: 3.5, per: 1_000_000 },
  /** S3 Standard. DELETE is free. */
  s3Put: { usd: 0.005, per: 1000 },
  s3Get: { usd: 0.0004, per: 1000 },
  secretRequest: { usd: 0.05, per: 10_000 },
  kmsRequest: { usd: 0.03, per: 10_000 },
  /** CloudWatch Logs, taken in. */
  logGb: { usd: 0.5, per: 1 },
} as const satisfies Record<string, { usd: number; per: number }>;

export type Priced = keyof typeof PRICES;

/** What so many of these cost. */
export const usdOf = (what: Priced, count: number): number => (count * PRICES[what].usd) / PRICES[what].per;
