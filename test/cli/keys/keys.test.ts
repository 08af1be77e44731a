import { chmodSync, chownSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findKey } from '../../../cli/keys/find-key.ts';
import { keysUsed, type KeyReport } from '../../../cli/keys/read-keys.ts';
import { AgentKeys } from '../../../collector/ingest/keys.ts';
import { openLedger } from '../../../collector/ledger/sqlite-ledger.ts';
import { loadKeyFile } from '../../../protocols/evidence/key-file.ts';
import { fingerprint } from '../../../protocols/evidence/keys.ts';
import { lockFolder } from '../../../protocols/folder-lock.ts';
import { silentLog } from '../../../protocols/log.ts';
import { ChainFeed, FEED_START_MS } from '../../collector/ledger/chain-feed.ts';
import { makeFolder, run, writeAgentFile, writeCollectorFile } from '../../e2e/fault-rig.ts';
import { findFreePort } from '../../support/mosquitto.ts';

/** The folder of a collector that has run and was stopped: two keys of gw-1, one of gw-2. */
async function makeCollector() {
  const folder = makeFolder();
  writeCollectorFile(folder, {
    broker: `{ embedded: { port: ${await findFreePort()} } }`,
    httpPort: await findFreePort(),
  });
  const data = join(folder, 'collector');
  mkdirSync(data);
  loadKeyFile(join(data, 'collector-key.pem'), '');
  const ledger = await openLedger({ folder: join(data, 'ledger'), log: silentLog });
  const feeds = [new ChainFeed(), new ChainFeed({ epoch: 'epoch0000002' }), new ChainFeed({ agent: 'gw-2' })];
  for (const feed of feeds)
    for (const { header, hash, bytes } of feed.take(3))
      await ledger.append({ header, hash, bytes, receivedMs: FEED_START_MS });
  await ledger.close();
  const [first = '', second = ''] = feeds.map(({ key }) => fingerprint(key.publicKey));
  const keys = async (...args: string[]) => {
    const started = run(folder, ['keys', ...args, '-c', 'collector.yaml']);
    return { code: await started.exited, output: started.output() };
  };
  return { keys, first, second };
}

describe('millwatt keys', () => {
  it('lists every key, takes what a person decides, and says by whom and why', async () => {
    const { keys, first, second } = await makeCollector();
    const before = await keys();
    expect(before.code, before.output).toBe(0);
    expect(before.output).toMatch(new RegExp(`gw-1 +${first} +seen .* epoch0000001: 1-3`));
    expect(before.output).toMatch(new RegExp(`gw-1 +${second} +other .* epoch0000002: 1-3`));
    expect(before.output).toContain(`then: millwatt keys confirm -c collector.yaml gw-1 ${second}`);

    const unsure = await keys('confirm', 'gw-1', second);
    expect([unsure.code, unsure.output]).toEqual([1, expect.stringContaining('add --yes')]);
    expect((await keys('list')).output).toBe(before.output);
    const digits = second.replaceAll('-', '').toUpperCase().slice(0, 12);
    const confirmed = await keys('confirm', 'gw-1', digits, '--yes', '--by', 'Anna', '--note', 'new disk');
    expect(confirmed.output).toMatch(
      /Entered as [0-9a-f]{12}: the key is confirmed now\. No collector answers/,
    );
    expect((await keys('confirm', 'gw-1', second, '--yes')).output).toMatch(/was confirmed .* by Anna/);

    const revoke = ['revoke', 'gw-1', first, '--by', 'Bo', '--yes'];
    const cause = ['--because', 'the old disk is gone'];
    const local = await keys(...revoke, ...cause, '--since', '2026-03-02T10:00:00');
    expect([local.code, local.output]).toEqual([2, expect.stringContaining('has no zone')]);
    const ahead = await keys(...revoke, ...cause, '--since', '2099-03-02T10:00:00Z');
    expect([ahead.code, ahead.output]).toEqual([2, expect.stringContaining('is not over yet')]);
    const brief = await keys(...revoke, '--because', 'x', '--since', 'now');
    expect([brief.code, brief.output]).toEqual([
      1,
      expect.stringContaining('a reason of 3 to 500 characters'),
    ]);
    const revoked = await keys(...revoke, ...cause, '--since', '2026-03-02T10:00:00Z', '--json');
    expect(JSON.parse(revoked.output.slice(revoked.output.indexOf('{')))).toMatchObject({
      ok: true,
      key: { standing: 'revoked', before: 'seen', revokedMs: Date.UTC(2026, 2, 2, 10), act: { by: 'Bo' } },
    });
    const again = await keys(...revoke, ...cause, '--since', '2026-03-02T10:00:00Z');
    expect([again.code, again.output]).toEqual([1, expect.stringContaining('revoked since then already')]);

    const listed = JSON.parse((await keys('list', '--json')).output) as { keys: KeyReport[] };
    expect(listed.keys.map(({ agent, standing }) => `${agent} ${standing}`)).toEqual([
      'gw-1 revoked',
      'gw-1 confirmed',
      'gw-2 seen',
    ]);
    // A confirmation takes a revocation back.
    expect((await keys('confirm', 'gw-1', first, '--yes')).output).toContain('That counts no more then');
    expect((await keys()).output).toMatch(new RegExp(`gw-1 +${first} +confirmed`));
  }, 120_000);

  it('shows the key of a gateway, and draws none', async () => {
    const folder = makeFolder();
    writeFileSync(
      join(folder, 'agent.yaml'),
      'site: plant\nagent: gw-1\ndata: ./agent\nbroker: { url: "mqtt://127.0.0.1:1" }\nsources: [ { id: meter, protocol: modbus-tcp, host: 127.0.0.1, port: 1, profile: siemens/pac3200, machine: mill-1, component: supply, every: 1s } ]\n',
    );
    const show = async () => {
      const started = run(folder, ['keys', 'show', '-c', 'agent.yaml']);
      return { code: await started.exited, output: started.output() };
    };
    const none = await show();
    expect([none.code, none.output]).toEqual([1, expect.stringContaining('no agent has run here')]);
    expect(existsSync(join(folder, 'agent'))).toBe(false);
    mkdirSync(join(folder, 'agent'));
    const { publicKey } = loadKeyFile(join(folder, 'agent', 'agent-key.pem'), '');
    const { output } = await show();
    expect(output).toMatch(new RegExp(`^${fingerprint(publicKey)}\n`));
    expect(output).toContain(`millwatt keys confirm gw-1 ${fingerprint(publicKey)}`);
  }, 60_000);
});

describe('millwatt keys rotate', () => {
  it('asks first, refuses where no agent has run or one runs, and leaves the key to the user whose it is', async () => {
    const folder = makeFolder();
    writeAgentFile(folder, { brokerPort: 1, meters: { meter: 1 } });
    const rotate = async (...args: string[]) => {
      const started = run(folder, ['keys', 'rotate', '-c', 'agent.yaml', ...args]);
      return { code: await started.exited, output: started.output() };
    };
    expect((await rotate('--yes')).output).toContain('no agent has run here');
    expect(existsSync(join(folder, 'agent'))).toBe(false);

    const data = join(folder, 'agent');
    const path = join(data, 'agent-key.pem');
    mkdirSync(data);
    const { publicKey } = loadKeyFile(path, '');
    const owner = process.getuid?.() === 0 ? 65_534 : (process.getuid?.() ?? 0);
    for (const one of [data, path]) chownSync(one, owner, owner);
    chmodSync(folder, 0o755);
    const unlock = lockFolder(data, 'agent');
    chownSync(join(data, 'lock.sqlite'), owner, owner);
    const running = await rotate('--yes');
    expect([running.code, running.output]).toEqual([1, expect.stringMatching(/runs\.\n.*cure: Stop it/)]);
    unlock();
    const unsure = await rotate();
    expect([unsure.code, unsure.output]).toEqual([1, expect.stringContaining('add --yes')]);
    expect(loadKeyFile(path, '').publicKey).toBe(publicKey);

    const rotated = await rotate('--yes', '--json');
    expect(rotated.code, rotated.output).toBe(0);
    const { publicKey: now } = loadKeyFile(path, '');
    expect(JSON.parse(rotated.output.slice(rotated.output.indexOf('{')))).toEqual({
      ok: true,
      site: 'plant-1',
      agent: 'gateway-1',
      was: fingerprint(publicKey),
      is: fingerprint(now),
    });
    expect(statSync(path)).toMatchObject({ uid: owner, gid: owner });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }, 60_000);
});

describe('a key that is named', () => {
  const report = (agent: string, mark: string) => ({ agent, fingerprint: mark, key: mark }) as KeyReport;
  const listed = [
    report('gw-1', '1f3a-09c1-be42-77d0-5a1e-c0de-9b2f-4410'),
    report('gw-1', '1f3a-09c1-be43-0000-5a1e-c0de-9b2f-4410'),
    report('gw-2', 'aaaa-09c1-be43-0000-5a1e-c0de-9b2f-4410'),
  ];
  it.each([
    ['gw-3', '1f3a09c1be42', 'no-agent'],
    ['gw-1', '1f3a09c', 'short-fingerprint'],
    ['gw-1', '', 'short-fingerprint'],
    ['gw-1', 'not a fingerprint', 'short-fingerprint'],
    ['gw-1', '1f3a-09c1-be4', 'ambiguous-key'],
    ['gw-1', 'aaaa-09c1-be43', 'no-key'],
    ['gw-1', '1f3a-09c1-be42-77d0-5a1e-c0de-9b2f-4410-0', 'no-key'],
  ])('of %s as %j is refused: %s', (agent, typed, code) => {
    expect(() => findKey(agent, typed, listed)).toThrow(expect.objectContaining({ code }));
  });
  it('is found by the begin of its fingerprint, however it is written', () => {
    expect(findKey('gw-1', '1F3A:09C1 be42', listed)).toBe(listed[0]);
    expect(findKey('gw-2', 'aaaa09c1', listed)).toBe(listed[2]);
  });
});

it('keys of one agent beyond those that the collector remembers are listed, so that each can be confirmed', () => {
  const chains = Array.from({ length: 203 }, (_, at) => ({
    agent: 'gw-1',
    key: `key-${at}`,
    firstOrdinal: at,
  }));
  const listed = keysUsed([...chains, chains[202]!], new AgentKeys(chains));
  expect(listed.map(({ key }) => key)).toEqual(chains.map(({ key }) => key));
  expect(listed.at(-1)).toMatchObject({ standing: 'other', fingerprint: fingerprint(listed.at(-1)!.key) });
});
