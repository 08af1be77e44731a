import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  distrust,
  isThumbprint,
  listTrust,
  trustByThumbprint,
  trustFile,
} from '../../../../protocols/opcua/trust/trust-decisions.ts';
import { makeTrustFolder } from '../../../../protocols/opcua/trust/trust-folder.ts';
import { readTrustedParties, reviewServer } from '../../../../protocols/opcua/trust/trust-review.ts';
import { requireTool } from '../../../support/tools.ts';
import { TestAuthority, type Issued, type Wanted } from './test-authority.ts';

const ASKER = { source: 'control', endpoint: 'opc.tcp://cnc-1:4840' };
const openssl = requireTool('openssl');
const folders: string[] = [];
let made: TestAuthority;
let root: Issued;

describe.skipIf(openssl === undefined)('whoever wants to be trusted', () => {
  beforeAll(() => {
    made = new TestAuthority(openssl ?? '');
    root = made.issue({ commonName: 'plant-root', isAuthority: true });
  });
  afterAll(() => {
    made.dispose();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const issue = (over: Partial<Wanted> = {}, by?: Issued) =>
    made.issue({ commonName: 'cnc-1', names: 'URI:urn:cnc-1,DNS:cnc-1', ...over }, by);

  test('is not trusted by a beginning of a thumbprint that can be made to fit', () => {
    const folder = makeFolder();
    const server = issue();
    refusalOf(folder, server);
    const [{ thumbprint, sha1 } = { thumbprint: '', sha1: '' }] = listTrust(folder);
    for (const short of [thumbprint.slice(0, 8), thumbprint.slice(0, 15), sha1.slice(0, 10)])
      expect(() => trustByThumbprint(folder, short)).toThrow('too short to trust anyone by');
    expect(refusalOf(folder, server)).toContain('is not trusted yet');
    expect(trustByThumbprint(folder, thumbprint.slice(0, 16)).changed).toBe(true);
    // To take trust away, few letters do.
    expect(distrust(folder, thumbprint.slice(0, 6), Date.now()).changed).toBe(true);
  });

  test('cannot fill the folder for good: what was turned away can be thrown away', () => {
    const folder = makeFolder();
    const server = issue();
    const rogue = issue({ commonName: 'rogue' });
    for (let count = 0; count < 100; count++) {
      // Another signature makes another certificate of it; nobody has looked at that yet.
      const shown = Buffer.from(rogue.der);
      shown.writeUInt8(count, shown.length - 1);
      const endpoint = `opc.tcp://rogue-${count % 20}:4840`;
      reviewServer(folder, shown, { source: 'other', endpoint }, Date.now());
    }
    expect(listTrust(folder)).toHaveLength(100);
    expect(refusalOf(folder, server)).toBeDefined();
    const isKept = () => listTrust(folder).some(({ name }) => name === 'cnc-1');
    expect(isKept()).toBe(false);
    const [{ thumbprint } = { thumbprint: '' }] = listTrust(folder);
    expect(distrust(folder, thumbprint, Date.now()).changed).toBe(false);
    expect(existsSync(join(folder, 'notes', `${thumbprint}.json`))).toBe(false);
    refusalOf(folder, server);
    expect(isKept()).toBe(true);
  });

  test('vouches for nobody, though its certificate says so: not when it was moved by hand', () => {
    const folder = makeFolder();
    const server = issue({ isAuthority: true });
    refusalOf(folder, server);
    moveByHand(folder);
    expect(refusalOf(folder, server)).toBeUndefined();
    expect(listTrust(folder)[0]?.standing).toBe('server');
    expect(refusalOf(folder, issue({ commonName: 'forged' }, server))).toContain('is not trusted yet');
  });

  test('nor when what was written of the decision is lost, or was taken back', () => {
    const folder = makeFolder();
    const server = issue({ isAuthority: true });
    refusalOf(folder, server);
    const [{ thumbprint } = { thumbprint: '' }] = listTrust(folder);
    const note = join(folder, 'notes', `${thumbprint}.json`);
    const before = readFileSync(note);
    trustByThumbprint(folder, thumbprint);
    // As an agent would that had read it before the operator decided.
    writeFileSync(note, before);
    expect(readTrustedParties(folder).authorities).toEqual([]);
    expect(refusalOf(folder, server)).toBeUndefined();
    distrust(folder, thumbprint, Date.now());
    moveByHand(folder);
    expect(readTrustedParties(folder).authorities).toEqual([]);
  });

  test('nor when it was trusted from a file for one source', () => {
    const folder = makeFolder();
    const server = issue({ isAuthority: true });
    trustFile(folder, fileOf(folder, server.pem), { endpoint: ASKER.endpoint });
    expect(refusalOf(folder, server)).toBeUndefined();
    expect(refusalOf(folder, issue({ commonName: 'forged' }, server))).toContain('is not trusted yet');
    // An authority that is trusted stays one.
    trustFile(folder, fileOf(folder, root.pem));
    trustFile(folder, fileOf(folder, root.pem), { endpoint: ASKER.endpoint });
    expect(refusalOf(folder, issue({}, root))).toBeUndefined();
  });

  test('cannot take an authority its standing by showing its certificate', () => {
    const folder = makeFolder(root);
    expect(refusalOf(folder, root)).toContain('is for no host');
    expect(refusalOf(folder, issue({}, root))).toBeUndefined();
  });

  test('is not let in by a common name, nor by part of a wildcard', () => {
    const folder = makeFolder(root);
    expect(refusalOf(folder, issue({ names: 'URI:urn:cnc-1' }, root))).toContain('is for no host');
    expect(
      refusalOf(folder, issue({ names: 'DNS:c*.plant.example' }, root), 'cnc-1.plant.example'),
    ).toContain('not for cnc-1.plant.example');
    expect(
      refusalOf(folder, issue({ names: 'DNS:*.plant.example' }, root), 'cnc-1.plant.example'),
    ).toBeUndefined();
    expect(
      refusalOf(folder, issue({ names: 'DNS:*.plant.example' }, root), 'a.cnc-1.plant.example'),
    ).toContain('not for a.cnc-1.plant.example');
  });

  test('is not let in by an authority with a short key, nor by one that may not have others below it', () => {
    const short = made.issue({ commonName: 'old-line', isAuthority: true, bits: 1024 }, root);
    const folder = makeFolder(root);
    expect(refusalOf(folder, issue({}, short), 'cnc-1', [short])).toContain('1024 bits');
    const last = made.issue({ commonName: 'line', isAuthority: true, constraint: ',pathlen:0' }, root);
    expect(refusalOf(folder, issue({}, last), 'cnc-1', [last])).toBeUndefined();
    const beyond = made.issue({ commonName: 'beyond', isAuthority: true }, last);
    expect(refusalOf(folder, issue({}, beyond), 'cnc-1', [beyond, last])).toContain('is not trusted yet');
  });

  test('is found out by the newest list, whatever the files are called', () => {
    const folder = makeFolder(root);
    const [stolen, other] = [issue({}, root), made.issue({ commonName: 'line-9', isAuthority: true })];
    const ofOther = issue({ commonName: 'cnc-2' }, other);
    trustFile(folder, fileOf(folder, other.pem));
    const give = (text: string) => {
      // All authorities call their lists alike, and openssl tells time in seconds.
      const file = join(folder, 'crl.pem');
      writeFileSync(file, text);
      return trustFile(folder, file).revocationList;
    };
    const dates = (hour: string) => `-crl_lastupdate 202601010${hour}0000Z -crl_nextupdate 20990101000000Z`;
    const older = give(made.revoke([], root, dates('1')));
    const newer = give(made.revoke([stolen], root, dates('2')));
    const another = give(made.revoke([ofOther], other, dates('3')));
    for (const file of [older, newer, another]) expect(existsSync(file ?? '')).toBe(true);
    expect(refusalOf(folder, stolen)).toContain('was withdrawn by plant-root');
    expect(refusalOf(folder, ofOther)).toContain('was withdrawn by line-9');
  });

  test('cannot command a terminal by the application that it says it is', () => {
    const folder = makeFolder(root);
    const server = issue({ names: 'URI:urn:evil:\u001b[2J\u009b,DNS:cnc-1' }, root);
    const { refusal } = reviewServer(
      folder,
      server.der,
      { ...ASKER, applicationUri: 'urn:told:\u001b]0;x\u0007\u202e' },
      Date.now(),
    );
    expect(refusal?.message).toContain('is for the application urn:evil:');
    const all = JSON.stringify(listTrust(folder)) + refusal?.message + refusal?.cure;
    expect(all).not.toMatch(/\p{C}|\\u00/u);
    // What is compared is what is written, not what is printed.
    const told = { ...ASKER, applicationUri: 'urn:evil:?[2J?' };
    expect(reviewServer(folder, server.der, told, Date.now()).refusal).toBeDefined();
  });

  test('an authority that was renewed with its old key counts, though the old one is still there', () => {
    const old = made.issue({ commonName: 'renewed', isAuthority: true, isExpired: true });
    const renewed = made.issue({ commonName: 'renewed', isAuthority: true, keyOf: old });
    const folder = makeFolder(old);
    const server = issue({}, renewed);
    expect(refusalOf(folder, server)).toContain('was valid until');
    // In the order of their names, the old one first.
    writeFileSync(join(folder, 'trusted', 'certs', 'zzz.pem'), renewed.pem);
    const [first = ''] = readdirSync(join(folder, 'trusted', 'certs'));
    expect(first).not.toBe('zzz.pem');
    expect(refusalOf(folder, server)).toBeUndefined();
  });
});

test.skipIf(openssl === undefined)('of several certificates in one file only one is taken out', () => {
  const maker = new TestAuthority(openssl ?? '');
  const folder = makeFolder();
  const [one, two] = ['a', 'b'].map((commonName) => maker.issue({ commonName, isAuthority: true }));
  trustFile(folder, fileOf(folder, one?.pem ?? ''));
  const [file = ''] = readdirSync(join(folder, 'trusted', 'certs'));
  writeFileSync(join(folder, 'trusted', 'certs', 'bundle.pem'), `${one?.pem}${two?.pem}`);
  const { entry } = distrust(folder, file.slice(0, 20), Date.now());
  maker.dispose();
  expect(entry.standing).toBe('rejected');
  expect(listTrust(folder).map(({ name, standing }) => `${name} ${standing}`)).toEqual([
    'b authority',
    'a rejected',
  ]);
});

test('what is a thumbprint and what a file', () => {
  for (const text of ['3f9c21a07be4d512', 'AB:CD:EF:01', 'abcdef']) expect(isThumbprint(text)).toBe(true);
  for (const text of ['./3f9c21a07be4d512', 'abc', 'plant-ca.pem', 'abcdef.pem', ''])
    expect(isThumbprint(text)).toBe(false);
});

/** An agent's folder in which these authorities are trusted. */
function makeFolder(...authorities: Issued[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-attack-'));
  folders.push(folder);
  for (const { pem } of authorities) trustFile(folder, fileOf(folder, pem));
  return folder;
}

function fileOf(folder: string, text: string): string {
  const file = join(folder, 'given.pem');
  writeFileSync(file, text);
  return file;
}

/** As an operator does who knows the folders. */
function moveByHand(folder: string): void {
  for (const name of readdirSync(join(folder, 'rejected'))) {
    makeTrustFolder(folder);
    renameSync(join(folder, 'rejected', name), join(folder, 'trusted', 'certs', name));
  }
}

function refusalOf(
  folder: string,
  server: Issued,
  host = 'cnc-1',
  sent: readonly Issued[] = [],
): string | undefined {
  const bytes = Buffer.concat([server, ...sent].map(({ der }) => der));
  const asker = { ...ASKER, endpoint: `opc.tcp://${host}:4840` };
  return reviewServer(folder, bytes, asker, Date.now()).refusal?.message;
}
