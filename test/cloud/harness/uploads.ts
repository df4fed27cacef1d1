/** What stands before the REST API where files of any size are taken: the distribution, and the web function behind some of its paths. */
import type { Assembly } from './assembly.ts';
import type { CloudClock } from './cloud-clock.ts';
import { secretsOf } from './declared-data.ts';
import { policiesOf } from './declared-policies.ts';
import { uploadsOf } from './declared-uploads.ts';
import { type Behavior, DistributionFront } from './distribution.ts';
import type { PolicyDocument } from './iam.ts';
import type { Naming } from './physical.ts';
import type { Secrets } from './secrets.ts';
import { Stack } from './stack.ts';
import { WebFunction } from './web-function.ts';

/** What the service makes of a secret that nobody puts anything into. */
const GENERATED = 'g'.repeat(48);

interface Around {
  assembly: Assembly;
  naming: Naming;
  exports: Map<string, unknown>;
  secrets: Secrets;
  clock: CloudClock;
  endpoint: string;
  /** The REST API, with its stage. */
  apiUrl: string;
  stageName: string;
}

export interface Uploads {
  web: WebFunction;
  front: DistributionFront;
  policies: PolicyDocument[];
}

/** Undefined where the stage has none. */
export async function startUploads({ assembly, naming, exports, secrets, clock, endpoint, apiUrl, stageName }: Around): Promise<Uploads | undefined> {
  if (!assembly.uploads) return undefined;
  const stack = new Stack(assembly.uploads, naming, exports);
  for (const { arn, kmsKeyArn } of secretsOf(stack)) secrets.set({ name: arn, arn, value: GENERATED, kmsKeyArn });
  const { id, s3Key, environment, roleId, domainName, behaviors } = uploadsOf(stack, (arn) => secrets.find(arn)?.value ?? 'no such secret');
  const web = new WebFunction({ id, codeDir: assembly.codeDir(s3Key), environment }, { endpoint, clock });
  const toBehavior = ({ pattern, origin }: (typeof behaviors)[number]): Behavior => {
    if (origin.domainName === domainName && origin.path === '') return { pattern, origin: { url: () => web.url(), headers: origin.headers } };
    if (origin.domainName === 'restapi.execute-api.us-east-1.amazonaws.com' && origin.path === `/${stageName}`) return { pattern, origin: { url: () => Promise.resolve(apiUrl), headers: origin.headers } };
    throw new Error(`an origin that is not understood: ${origin.domainName}${origin.path}`);
  };
  return { web, front: await DistributionFront.start(behaviors.map(toBehavior)), policies: policiesOf(stack, roleId, 'lambda') };
}
