/** A certificate for one test run, which signs itself. By hand: Node can read certificates, but not make them. */
import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  key: string;
  cert: string;
}

const value = (tag: number, ...contents: Uint8Array[]): Buffer => {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
};
const sequence = (...contents: Uint8Array[]): Buffer => value(0x30, ...contents);
const set = (...contents: Uint8Array[]): Buffer => value(0x31, ...contents);
const whole = (bytes: Uint8Array): Buffer => value(0x02, bytes);
const octets = (...contents: Uint8Array[]): Buffer => value(0x04, ...contents);
const bits = (bytes: Uint8Array): Buffer => value(0x03, Buffer.from([0]), bytes);
const words = (tag: number, text: string): Buffer => value(tag, Buffer.from(text, 'latin1'));

/** Object identifiers, as they are encoded. */
const ECDSA_WITH_SHA256 = sequence(value(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
const COMMON_NAME = value(0x06, Buffer.from('550403', 'hex'));
const ALTERNATIVE_NAMES = value(0x06, Buffer.from('551d11', 'hex'));
/** Valid whatever the clock of a test says: OpenSSL asks the real one. */
const VALIDITY = sequence(words(0x18, '20200101000000Z'), words(0x18, '21200101000000Z'));

/** For a host name, which may begin with `*.`. */
export function makeCertificate(host: string): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const name = sequence(set(sequence(COMMON_NAME, words(0x0c, host))));
  const names = sequence(sequence(ALTERNATIVE_NAMES, octets(sequence(words(0x82, host)))));
  const contents = sequence(
    value(0xa0, whole(Buffer.from([2]))),
    whole(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    name,
    VALIDITY,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    value(0xa3, names),
  );
  const signature = createSign('sha256').update(contents).sign(privateKey);
  const der = sequence(contents, ECDSA_WITH_SHA256, bits(signature));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n` };
}
