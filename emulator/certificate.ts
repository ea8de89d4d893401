import 'reflect-metadata';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
  /** The authority that signed it, as a file for `NODE_EXTRA_CA_CERTS`. */
  readonly caFile: string;
  /** Removes that file. */
  remove(): Promise<void>;
}

const signing = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;

/**
 * An authority made for this process alone, and a certificate of it for these host names and addresses. The authority's
 * file is `authorityFile`, in a folder that is there; absent: a file in a temporary folder of its own.
 */
export async function makeCertificate(hosts: readonly string[], authorityFile?: string): Promise<Certificate> {
  const newKeys = () => crypto.subtle.generateKey(signing, true, ['sign', 'verify']);
  const [caKeys, keys] = await Promise.all([newKeys(), newKeys()]);
  // Real time, whatever the emulator's clock says: TLS is checked by the caller's clock.
  const validity = { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + 30 * day) };
  const ca = await X509CertificateGenerator.createSelfSigned(
    {
      name: 'CN=Auth0 emulator test authority',
      keys: caKeys,
      signingAlgorithm: signing,
      ...validity,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(caKeys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  const names = [...new Set(hosts)].map((value) => ({
    type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const),
    value,
  }));
  const leaf = await X509CertificateGenerator.create(
    {
      subject: 'CN=Auth0 emulator',
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      signingAlgorithm: signing,
      ...validity,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
        await AuthorityKeyIdentifierExtension.create(caKeys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  const { caFile, mine } = await placeOf(authorityFile);
  await writeFile(caFile, ca.toString('pem'));
  const key = PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), PemConverter.PrivateKeyTag);
  return {
    key,
    cert: leaf.toString('pem'),
    caFile,
    remove: () => rm(mine, { recursive: true, force: true }),
  };
}

/** `mine` is what goes when the emulator goes. */
async function placeOf(authorityFile: string | undefined): Promise<{ readonly caFile: string; readonly mine: string }> {
  if (authorityFile !== undefined) return { caFile: authorityFile, mine: authorityFile };
  const folder = await mkdtemp(join(tmpdir(), 'auth0-emulator-'));
  return { caFile: join(folder, 'ca.pem'), mine: folder };
}
