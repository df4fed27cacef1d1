/** Every way known to us to name an address that is somebody's inside. */
import { describe, expect, it } from '@jest/globals';
import { makeOutbound } from '../../shared/outbound/index.ts';
import { UnsafeUrlError } from '../../shared/ports/outbound.ts';
import { ManualClock } from '../support/manual-clock.ts';

const HOSTS = [
  // This machine.
  'localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'localhost.localdomain', '127.0.0.1', '127.1', '127.0.1', '127.255.255.254', '2130706433', '0x7f000001', '0x7f.0.0.1',
  '0177.0.0.1', '017700000001', '0x7F.1', '127.0.0.1.', '%31%32%37.0.0.1', '１２７.０.０.１', '127。0。0。1', '①②⑦.0.0.1', 'ⓛocalhost', '0.0.0.0', '0', '0x0', '0.1',
  '[::1]', '[0:0:0:0:0:0:0:1]', '[0000::0001]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::127.0.0.1]', '[::ffff:0:127.0.0.1]',
  // Metadata of clouds.
  '169.254.169.254', '0xa9fea9fe', '2852039166', '0251.0376.0251.0376', '0xa9.0xfe.0xa9.0xfe', '169.254.43518', '169.16689662', '[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]',
  '[fd00:ec2::254]', '[64:ff9b::169.254.169.254]', '[64:ff9b::a9fe:a9fe]', '[64:ff9b:1::a9fe:a9fe]', '[2002:a9fe:a9fe::1]', '169.254.170.2', '168.63.129.16', '0xa83f8110',
  '100.100.100.200', '192.0.0.192', 'metadata', 'metadata.google.internal', 'METADATA.GOOGLE.INTERNAL.', 'instance-data',
  // Networks of one's own.
  '10.0.0.1', '012.0.0.1', '10.1', '0xa000001', '172.16.0.1', '172.31.255.255', '192.168.0.1', '0xc0a80001', '192.168.1', '100.64.0.1', '198.18.0.1', '198.19.255.255',
  '[fc00::1]', '[fd12:3456:789a::1]', '[fe80::1]', '[febf::1]', '[fec0::1]', '[::ffff:10.0.0.1]', '[2002:c0a8:1::]', '[2001:0:a9fe:a9fe::]', '[2400:cb00::5efe:a00:1]', '[2400:cb00::200:5efe:a00:1]',
  'printer.local', 'db.internal', 'intranet', 'server.lan', 'nas.home.arpa', 'kubernetes.default.svc', 'redis', 'hidden.onion',
  // Nobody's, or everybody's.
  '224.0.0.1', '239.255.255.250', '240.0.0.1', '255.255.255.255', '192.0.2.1', '198.51.100.1', '203.0.113.1', '192.88.99.1', '[ff02::1]', '[2001:db8::1]', '[3fff::1]', '[100::1]', '[5f00::1]',
  '[2001:2::1]', '[2001:10::1]', '[2001:20::1]', '[4000::1]',
];

const URLS = [
  // Other schemes, and what is read as one.
  'http://example.com/', 'ftp://example.com/', 'file:///etc/passwd', 'gopher://example.com/', 'data:text/plain,x', 'javascript:alert(1)', 'ws://example.com/', 'wss://example.com/',
  'unix:/var/run/docker.sock', 'dict://example.com:11211/stat', 'ldap://example.com/', 'jar:https://example.com!/', 'blob:https://example.com/1', '//example.com/', 'example.com', '', ' ', 'https:', 'https://',
  // Names in front of the host, and hosts that are read in two ways.
  'https://user@example.com/', 'https://user:secret@example.com/', 'https://example.com@127.0.0.1/', 'https://127.0.0.1#@example.com/', 'https://127.0.0.1\\@example.com/', 'https://example.com\\@127.0.0.1/',
  'https:\\\\127.0.0.1/', 'https:127.0.0.1', 'https:///127.0.0.1', 'https://127.0.0.1?@example.com', 'https://exa mple.com/', 'https://example.com/\r\nhost: inside', '\thttps://example.com/', 'https://exam\nple.com/',
  'https://example.com:0/', 'https://example.com:99999/', 'https://[fe80::1%25eth0]/', 'https://[::1', 'https://1.2.3.4.5/', 'https://256.256.256.256/', 'https://0x1ffffffff/', `https://example.com/${'a'.repeat(2048)}`,
];

const outbound = makeOutbound({ clock: new ManualClock(), loopback: false, resolve: () => Promise.reject(new Error('no name may be looked up')) });
const all = [...HOSTS.flatMap((host) => [`https://${host}/`, `https://${host}:8443/hook?x=1`]), ...URLS];

describe('a URL that leads inside', () => {
  it('is known in more than a hundred spellings', () => expect(HOSTS.length + URLS.length).toBeGreaterThan(100));

  it.each(all.map((url) => [url]))('is refused: %j', async (url) => {
    expect(() => outbound.check(url)).toThrow(UnsafeUrlError);
    await expect(outbound.post({ url, headers: {}, body: '', timeoutMs: 1000, mostBytes: 1 })).rejects.toThrow(UnsafeUrlError);
  });
});

describe('a name of the internet', () => {
  const inside = HOSTS.map((host) => host.replace(/^\[(.*)\]$/, '$1')).filter((host) => /^[\da-f:.]+$/.test(host) && /^(\d+\.){3}\d+$|:/.test(host) && !/(^|\.)0\d/.test(host));

  it.each(inside.map((address) => [address]))('is refused when one of its addresses is %s', async (address) => {
    const resolve = async () => [{ address: '93.184.215.14', family: 4 }, { address, family: address.includes(':') ? 6 : 4 }];
    const asking = makeOutbound({ clock: new ManualClock(), loopback: false, resolve }).post({ url: 'https://hooks.example.com/', headers: {}, body: '', timeoutMs: 1000, mostBytes: 1 });
    await expect(asking).rejects.toThrow(UnsafeUrlError);
  });
});

describe('a URL of the internet', () => {
  it.each([['https://example.com'], ['https://example.com:8443/hook?a=b#c'], ['https://hooks.example.co.uk/x'], ['https://93.184.215.14/'], ['https://[2606:4700::1111]/'], ['https://xn--bcher-kva.example/'], ['https://bücher.example/']])(
    'is taken: %s',
    (url) => expect(() => outbound.check(url)).not.toThrow(),
  );
});

describe('this machine, where its owner tries things out', () => {
  const own = makeOutbound({ clock: new ManualClock(), loopback: true, resolve: async () => [{ address: '10.0.0.1', family: 4 }] });

  it.each([['http://localhost:3000/'], ['http://127.0.0.1:3000/'], ['https://[::1]/'], ['http://app.localhost/']])('may be asked: %s', (url) => expect(() => own.check(url)).not.toThrow());

  const isOwn = (url: string) => URL.canParse(url) && /^(127\.|\[::1\]|(.*\.)?localhost\.?$)/.test(new URL(url).hostname);

  it.each(all.filter((url) => !isOwn(url)).map((url) => [url]))('is all of the inside that may be: %j', (url) => {
    expect(() => own.check(url)).toThrow(UnsafeUrlError);
  });

  it('is no other machine that has its name', async () => {
    await expect(own.post({ url: 'http://localhost:3000/', headers: {}, body: '', timeoutMs: 1000, mostBytes: 1 })).rejects.toThrow(UnsafeUrlError);
  });
});
