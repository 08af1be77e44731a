import { describe, expect, it } from 'vitest';
import { MillwattError } from '../../../protocols/errors.ts';
import { decodeAgentLog, encodeAgentLog } from '../../../protocols/telemetry/agent-log.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../protocols/telemetry/snapshot-text.ts';
import { snapshot } from '../../contracts/golden-content.ts';

type Json = Record<string, unknown>;
type Raw = { sources: Json[]; channels: Json[] } & Json;

function codeOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof MillwattError && error.remedy === 'quarantine') return error.code;
    throw error;
  }
  return 'accepted';
}

describe('a config snapshot', () => {
  const changed = (change: (raw: Raw) => void) => {
    const raw = JSON.parse(encodeSnapshot(snapshot)) as Raw;
    change(raw);
    return codeOf(() => decodeSnapshot(JSON.stringify(raw)));
  };

  it('comes back as it was', () => {
    expect(decodeSnapshot(encodeSnapshot(snapshot))).toEqual(snapshot);
    expect(changed((raw) => (raw['later'] = { a: 1 }))).toBe('accepted');
  });

  it.each<[string, (raw: Raw) => void]>([
    ['another version', (raw) => (raw['v'] = 2)],
    ['a site that is no id', (raw) => (raw['site'] = '#')],
    ['no software', (raw) => delete raw['software']],
    ['a source twice', (raw) => raw.sources.push(raw.sources[0]!)],
    ['a channel twice', (raw) => raw.channels.push(raw.channels[0]!)],
    ['a channel of an unknown source', (raw) => (raw.channels[0]!['source'] = 'other')],
    ['a channel whose id is not its parts', (raw) => (raw.channels[0]!['id'] = 'mill-2.supply.activePower')],
    ['an unknown quantity', (raw) => (raw.channels[0]!['quantity'] = 'toString')],
    ['an unknown phase', (raw) => (raw.channels[0]!['phase'] = 'l4')],
    ['a machine with a dot', (raw) => (raw.channels[0]!['machine'] = 'mill.1')],
    ['a scale of zero', (raw) => (raw.channels[0]!['scale'] = ['0', '1'])],
    ['a scale in numbers', (raw) => (raw.channels[0]!['scale'] = [1, 1])],
    ['a scale without end', (raw) => (raw.channels[0]!['scale'] = ['9'.repeat(10_000), '1'])],
    ['a counter that does anything', (raw) => (raw.channels[2]!['counter'] = { behaviour: 'any' })],
    ['a modulus of zero', (raw) => (raw.channels[2]!['counter'] = { behaviour: 'monotone', modulus: '0' })],
    [
      'a resolution of zero',
      (raw) => (raw.channels[2]!['counter'] = { behaviour: 'monotone', resolution: '0.0' }),
    ],
    ['a transformer of nothing', (raw) => (raw.sources[0]!['ct'] = { primary: 0, secondary: 5 })],
    ['no cadence', (raw) => (raw.sources[0]!['everyMs'] = 0)],
    ['a profile without its hash', (raw) => (raw.sources[0]!['profile'] = { id: 'x', version: '1' })],
    ['an address without end', (raw) => (raw.sources[0]!['address'] = 'x'.repeat(1000))],
    ['null for a channel', (raw) => ((raw.channels as unknown[])[0] = null)],
  ])('is refused with %s', (_, change) => {
    expect(changed(change)).toBe('malformed-snapshot');
  });

  it.each(['', 'null', '1', '[]'])('is refused as %j', (text) => {
    expect(codeOf(() => decodeSnapshot(text))).toBe('malformed-snapshot');
  });
});

describe('an agent log', () => {
  it('comes back as it was', () => {
    const entries = [
      { atMs: 5, event: 'samples-dropped', detail: { reason: 'spool-full', count: 12, why: null } },
    ];
    expect(encodeAgentLog(entries)).toBe(
      '{"v":1,"entries":[{"at":5,"event":"samples-dropped","detail":{"reason":"spool-full","count":12,"why":null}}]}',
    );
    expect(decodeAgentLog(encodeAgentLog(entries))).toEqual(entries);
  });

  it.each([
    '',
    'null',
    '{"v":2,"entries":[]}',
    '{"v":1}',
    '{"v":1,"entries":[null]}',
    '{"v":1,"entries":[{"at":-1,"event":"x","detail":{}}]}',
    '{"v":1,"entries":[{"at":1,"event":"No Word","detail":{}}]}',
    '{"v":1,"entries":[{"at":1,"event":"x","detail":[]}]}',
    '{"v":1,"entries":[{"at":1,"event":"x","detail":{"a":{}}}]}',
  ])('is refused as %j', (text) => {
    expect(codeOf(() => decodeAgentLog(text))).toBe('malformed-log');
  });
});
