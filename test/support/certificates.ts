import { createSign, generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';

/** A certificate with its key, both PEM; `issue` makes others that it vouches for. */
export type TestCertificate = { readonly certificate: string; readonly key: string };

/** An authority for tests; what it issues is for 127.0.0.1 and localhost, valid between two instants. */
export type TestAuthority = TestCertificate & {
  issue(validity?: Validity): TestCertificate;
};

/** From when to when a certificate holds. */
export type Validity = { readonly from: Date; readonly until: Date };

// DER, the encoding of X.509 (RFC 5280): a tag, a length, and what they enclose.
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const bytes = length.subarray(length.findIndex((byte) => byte > 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length]), bytes, content]);
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts);
const bits = (bytes: Buffer) => der(0x03, Buffer.from([0]), bytes);
const octets = (bytes: Buffer) => der(0x04, bytes);
const identifier = (hex: string) => der(0x06, Buffer.from(hex, 'hex'));
const time = (at: Date) => der(0x18, Buffer.from(at.toISOString().replace(/[-:T]|\.\d+/g, '')));
const yes = der(0x01, Buffer.from([0xff]));

const ecdsaWithSha256 = sequence(identifier('2a8648ce3d040302'));
const commonName = (name: string) => sequence(der(0x31, sequence(identifier('550403'), der(0x0c, Buffer.from(name)))));
const basicConstraints = (authority: boolean) =>
  sequence(identifier('551d13'), yes, octets(sequence(...(authority ? [yes] : []))));
const localNames = sequence(
  identifier('551d11'),
  octets(sequence(der(0x82, Buffer.from('localhost')), der(0x87, Buffer.from([127, 0, 0, 1])))),
);

type Parties = { readonly subject: string; readonly issuer: string; readonly signedWith: KeyObject };

function sign(publicKey: KeyObject, { subject, issuer, signedWith }: Parties, { from, until }: Validity): string {
  const isAuthority = subject === issuer;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    commonName(issuer),
    sequence(time(from), time(until)),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(basicConstraints(isAuthority), ...(isAuthority ? [] : [localNames]))),
  );
  const signature = createSign('sha256').update(body).sign(signedWith);
  const base64 = sequence(body, ecdsaWithSha256, bits(signature)).toString('base64');
  const lines = base64.replace(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
}

const day = 24 * 60 * 60 * 1000;
const aroundNow = (): Validity => ({ from: new Date(Date.now() - day), until: new Date(Date.now() + day) });
const newKeys = () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** Makes an authority of its own, which nobody trusts who is not told to; good for a day, as is what it issues by default. */
export function testAuthority(name = 'Authority for tests'): TestAuthority {
  const keys = newKeys();
  const certificate = sign(keys.publicKey, { subject: name, issuer: name, signedWith: keys.privateKey }, aroundNow());
  return {
    certificate,
    key: pem(keys.privateKey),
    issue: (validity = aroundNow()) => {
      const own = newKeys();
      const parties = { subject: 'localhost', issuer: name, signedWith: keys.privateKey };
      return { certificate: sign(own.publicKey, parties, validity), key: pem(own.privateKey) };
    },
  };
}
