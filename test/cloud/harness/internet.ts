/** The internet as far as deployments reach it: receivers on this machine, under public names and with certificates that hold. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WayOut } from '../../support/webhook-receiver.ts';
import { makeCertificate } from './certificate.ts';
import { ALL_NAMES, nameOf } from './internet-addresses.ts';

export class Internet {
  readonly wayOut: WayOut;
  readonly #dir = mkdtempSync(join(tmpdir(), 'threadkeep-internet-'));

  constructor() {
    const tls = makeCertificate(ALL_NAMES);
    writeFileSync(this.#authorities, tls.cert);
    this.wayOut = { tls, urlOf: (port) => `https://${nameOf(port)}/` };
  }

  /** What an execution environment needs to take the certificates for valid. */
  get variables(): Record<string, string> {
    return { NODE_EXTRA_CA_CERTS: this.#authorities };
  }

  close(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  get #authorities(): string {
    return join(this.#dir, 'authorities.pem');
  }
}
