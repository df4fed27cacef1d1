/** Secrets Manager, as far as reading a secret goes. */

export interface Secret {
  arn: string;
  /** The ARN's last part unless given. */
  name?: string;
  value: string;
  /** The customer's key that it is kept under. */
  kmsKeyArn?: string;
}

export class Secrets {
  readonly #secrets = new Map<string, Secret>();

  constructor(secrets: Secret[] = []) {
    for (const secret of secrets) this.set(secret);
  }

  /** Adds one, or gives it a new value. */
  set(secret: Secret): void {
    this.#secrets.set(secret.arn, secret);
  }

  /** By name or ARN. */
  find(id: string): Secret | undefined {
    return this.#secrets.get(id) ?? [...this.#secrets.values()].find((secret) => nameOf(secret) === id);
  }

  /** GetSecretValue's answer, in the service's words. */
  answer({ SecretId, ...rest }: Record<string, unknown>): { status: number; body: object } {
    if (Object.entries(rest).some(([name, value]) => name !== 'VersionStage' || value !== 'AWSCURRENT')) throw new Error(`secrets: not understood: ${JSON.stringify(rest)}`);
    const secret = this.find(String(SecretId));
    if (!secret) return { status: 400, body: { __type: 'ResourceNotFoundException', Message: "Secrets Manager can't find the specified secret." } };
    return {
      status: 200,
      body: { ARN: secret.arn, Name: nameOf(secret), SecretString: secret.value, VersionId: '00000000-0000-4000-8000-000000000000', VersionStages: ['AWSCURRENT'], CreatedDate: 1_767_225_600 },
    };
  }
}

const nameOf = ({ name, arn }: Secret): string => name ?? arn.split(':').at(-1) ?? '';
