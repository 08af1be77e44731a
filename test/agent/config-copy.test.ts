import { describe, expect, it } from 'vitest';
import { configCopyOf } from '../../agent/config-copy.ts';
import type { ConfigSnapshot } from '../../protocols/telemetry/snapshot.ts';

const source = (i: number, address: string) => ({
  id: `meter-${i}`,
  protocol: 'modbus-tcp' as const,
  address,
  everyMs: 1000,
});

function wiring(sources: number, channelsEach: number, address = '10.0.0.1:502 unit 1'): ConfigSnapshot {
  return {
    v: 1,
    site: 'plant',
    agent: 'hall-1',
    software: { name: 'millwatt', version: '1.0.0' },
    sources: Array.from({ length: sources }, (_, i) => source(i, address)),
    channels: Array.from({ length: sources * channelsEach }, (_, i) => ({
      kind: 'status' as const,
      id: `machine-${i}.supply.execution`,
      machine: `machine-${i}`,
      component: 'supply',
      status: 'execution' as const,
      source: `meter-${i % sources}`,
      point: 'fc3 100 u16',
      vocabulary: 'vendor/model/status',
    })),
  };
}

describe('the copy of the wiring for people', () => {
  it('is whole where it fits into a message', () => {
    const small = wiring(3, 4);
    expect(JSON.parse(configCopyOf(small))).toEqual(small);
  });

  it('leaves out the channels where they are too many, and says how many', () => {
    const { channels: _, ...rest } = wiring(200, 12);
    expect(JSON.parse(configCopyOf(wiring(200, 12)))).toEqual({ ...rest, channelsLeftOut: 2400 });
  });

  it('leaves out the sources too where they alone are too many', () => {
    const { channels: _, sources: __, ...head } = wiring(1000, 2, 'x'.repeat(200));
    const text = configCopyOf(wiring(1000, 2, 'x'.repeat(200)));
    expect(JSON.parse(text)).toEqual({ ...head, sourcesLeftOut: 1000, channelsLeftOut: 2000 });
  });
});
