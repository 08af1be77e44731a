import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  distrust,
  listTrust,
  trustByThumbprint,
  trustFile,
} from '../../../../protocols/opcua/trust/trust-decisions.ts';
import { hostOf, reviewServer } from '../../../../protocols/opcua/trust/trust-review.ts';
import { requireTool } from '../../../support/tools.ts';
import { TestAuthority, type Issued, type Wanted } from './test-authority.ts';

const openssl = requireTool('openssl');
const ASKER = { source: 'control', endpoint: 'opc.tcp://cnc-1:4840' };
const NAMES = 'URI:urn:cnc-1,DNS:cnc-1';
const folders: string[] = [];
let made: TestAuthority;
let root: Issued;
let line: Issued;

describe.skipIf(openssl === undefined)('certificates that an authority signed', () => {
  beforeAll(() => {
    made = new TestAuthority(openssl ?? '');
    root = made.issue({ commonName: 'plant-root', isAuthority: true });
    line = made.issue({ commonName: 'line-7', isAuthority: true }, root);
  });
  afterAll(() => {
    made.dispose();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  const issue = (over: Partial<Wanted> = {}, by?: Issued) =>
    made.issue({ commonName: 'cnc-1', names: NAMES, ...over }, by);

  test('are let in where the authority is trusted, over those in between that the server sends', () => {
    const folder = makeFolder(root);
    expect(refusalOf(folder, issue({}, root))).toBeUndefined();
    const server = issue({}, line);
    expect(refusalOf(folder, server, [line])).toBeUndefined();
    // Not sent, and not known: there is no way from the server up to the root.
    expect(refusalOf(folder, server)).toContain('neither is who signed it (CN=line-7)');
    trustFile(folder, fileOf(folder, line.pem), { asIssuer: true });
    expect(refusalOf(folder, server)).toBeUndefined();
  });

  test('are refused where nobody trusts the authority, even where it is known', () => {
    const folder = makeFolder();
    trustFile(folder, fileOf(folder, root.pem), { asIssuer: true });
    expect(refusalOf(folder, issue({}, root))).toContain('is not trusted yet');
    expect(listTrust(folder).map(({ standing }) => standing)).toEqual(['issuer', 'rejected']);
  });

  test('must be of the host and in their time', () => {
    const folder = makeFolder(root);
    expect(refusalOf(folder, issue({ names: 'DNS:cnc-2' }, root))).toContain('is for cnc-2, not for cnc-1');
    expect(refusalOf(folder, issue({ isExpired: true }, root))).toContain('was valid until 2021-01-01 only');
    expect(refusalOf(folder, issue({ bits: 1024 }, root))).toContain('1024 bits');
  });

  test('are refused once they are withdrawn, by the list of the right authority only', () => {
    const folder = makeFolder(root);
    const [stolen, good] = [issue({}, root), issue({}, root)];
    expect(refusalOf(folder, stolen)).toBeUndefined();
    const other = made.issue({ commonName: 'plant-root', isAuthority: true });
    trustFile(folder, fileOf(folder, made.revoke([], other)));
    expect(refusalOf(folder, stolen)).toBeUndefined();
    const list = made.revoke([stolen], root);
    trustFile(folder, fileOf(folder, list));
    expect(refusalOf(folder, stolen)).toContain('was withdrawn by plant-root');
    expect(refusalOf(folder, good)).toBeUndefined();
    // Nor does trusting the thief's certificate by itself help him.
    expect(refusalOf(folder, stolen, [], { endpoint: ASKER.endpoint })).toContain('withdrawn');
  });

  test('a list that is too old still counts, and the operator hears of it', () => {
    const folder = makeFolder(root);
    trustFile(folder, fileOf(folder, made.revoke([], root, '-crlsec 1')));
    const server = issue({}, root);
    const { verdict } = reviewServer(folder, server.der, ASKER, Date.now() + 60_000);
    expect(verdict.misfits).toEqual([]);
    expect(verdict.staleListMs).toBeLessThan(Date.now() + 60_000);
  });

  test('a server that was trusted cannot vouch for others, whatever its certificate says', () => {
    const folder = makeFolder();
    const server = issue({ isAuthority: true });
    expect(refusalOf(folder, server)).toContain('is not trusted yet');
    expect(trustByThumbprint(folder, thumbprintsOf(folder)[0] ?? '').entry.standing).toBe('server');
    expect(refusalOf(folder, server)).toBeUndefined();
    expect(refusalOf(folder, issue({ commonName: 'forged' }, server))).toContain('is not trusted yet');
    // As a file that the operator chose himself it is an authority.
    trustFile(folder, fileOf(folder, server.pem));
    expect(refusalOf(folder, issue({ commonName: 'vouched' }, server))).toBeUndefined();
  });

  test('rejected ones are kept, but a server that makes new ones all the time drives out only its own', () => {
    const folder = makeFolder();
    const honest = issue();
    refusalOf(folder, honest);
    const hostile = { source: 'other', endpoint: 'opc.tcp://rogue:4840' };
    for (let count = 0; count < 8; count++)
      reviewServer(folder, issue({ commonName: `r${count}` }).der, hostile, Date.now() + count);
    const kept = listTrust(folder);
    expect(
      kept
        .filter(({ note }) => note.shown[0]?.source === 'other')
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['r3', 'r4', 'r5', 'r6', 'r7']);
    expect(kept.filter(({ name }) => name === 'cnc-1')).toHaveLength(1);
    expect(readdirSync(join(folder, 'notes'))).toHaveLength(6);
  });

  test('the command that lets it in names the file that the agent was started with', () => {
    const { refusal } = reviewServer(
      makeFolder(),
      issue().der,
      { ...ASKER, config: '/etc/millwatt/hall-1.yaml' },
      Date.now(),
    );
    expect(refusal?.message).toMatch(/^The certificate of opc\.tcp:/);
    expect(refusal?.cure).toMatch(/millwatt trust add [0-9a-f]{16} -c \/etc\/millwatt\/hall-1\.yaml\./);
  });

  test('what is no certificate is refused and not kept', () => {
    const folder = makeFolder();
    const garbage = [Buffer.alloc(0), Buffer.from('30820400', 'hex'), Buffer.alloc(200_000, 0x30)];
    for (const bytes of [
      ...garbage,
      root.der.subarray(0, 300),
      Buffer.concat([root.der, Buffer.from('x')]),
    ]) {
      const { refusal } = reviewServer(folder, bytes, ASKER, Date.now());
      expect(refusal).toMatchObject({ code: 'untrusted', remedy: 'retry' });
      expect(refusal?.message).toContain('cannot be read');
    }
    expect(listTrust(folder)).toEqual([]);
  });

  test('is taken out again, and trusted again, by the first letters of either thumbprint', () => {
    const folder = makeFolder();
    const server = issue();
    refusalOf(folder, server);
    const [entry] = listTrust(folder);
    expect(trustByThumbprint(folder, entry?.sha1.slice(0, 16).toUpperCase() ?? '')).toMatchObject({
      changed: true,
      entry: { standing: 'server', note: { approved: [ASKER.endpoint] } },
    });
    expect(trustByThumbprint(folder, entry?.thumbprint ?? '').changed).toBe(false);
    expect(refusalOf(folder, server)).toBeUndefined();
    expect(distrust(folder, entry?.thumbprint.slice(0, 12) ?? '', Date.now()).entry.standing).toBe(
      'rejected',
    );
    expect(refusalOf(folder, server)).toContain('is not trusted yet');
    for (const [wrong, code] of [
      ['', 'neither a file'],
      ['abc', 'neither a file'],
      ['0123456789abcdef', 'No certificate here'],
      ['0123456789', 'too short to trust anyone by'],
      ['../../etc', 'neither a file'],
    ] as const)
      expect(() => trustByThumbprint(folder, wrong)).toThrow(code);
  });

  test('names cannot command a terminal', () => {
    const folder = makeFolder();
    refusalOf(folder, issue({ commonName: 'evil\u001b[2J\u0007', names: NAMES }));
    const name = listTrust(folder)[0]?.name ?? '';
    expect(name).toContain('evil');
    for (const command of ['\u001b', '\u0007']) expect(name.includes(command)).toBe(false);
  });
});

test('the host of an address', () => {
  expect(hostOf('opc.tcp://10.0.0.1:4840/path')).toBe('10.0.0.1');
  expect(hostOf('opc.tcp://cnc-1')).toBe('cnc-1');
  expect(hostOf('opc.tcp://[fe80::1]:4840')).toBe('fe80::1');
});

/** An agent's folder in which these authorities are trusted. */
function makeFolder(...authorities: Issued[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-trust-'));
  folders.push(folder);
  for (const { pem } of authorities) trustFile(folder, fileOf(folder, pem));
  return folder;
}

function fileOf(folder: string, text: string): string {
  const file = join(folder, 'given.pem');
  writeFileSync(file, text);
  return file;
}

/** What is said when a server shows its certificate with those of its authorities; undefined where it is let in. */
function refusalOf(
  folder: string,
  server: Issued,
  sent: readonly Issued[] = [],
  trusted?: { endpoint: string },
): string | undefined {
  if (trusted !== undefined) trustFile(folder, fileOf(folder, server.pem), trusted);
  const bytes = Buffer.concat([server, ...sent].map(({ der }) => der));
  return reviewServer(folder, bytes, ASKER, Date.now()).refusal?.message;
}

function thumbprintsOf(folder: string): string[] {
  return listTrust(folder).map(({ thumbprint }) => thumbprint);
}
