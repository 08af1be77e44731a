import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isId, isLevelId } from '../../../protocols/telemetry/ids.ts';
import { filterOf, LEAVES, liveTopicOf, parseTopic, topicOf } from '../../../protocols/telemetry/topics.ts';

/** What a broker's filter lets through. */
function matches(filter: string, topic: string): boolean {
  const levels = topic.split('/');
  const wanted = filter.split('/');
  return wanted.length === levels.length && wanted.every((level, i) => level === '+' || level === levels[i]);
}

describe('topics', () => {
  it('say whose they are', () => {
    expect(topicOf('plant-1', 'gw', 'batch')).toBe('millwatt/1/plant-1/gw/batch');
    expect(parseTopic('millwatt/1/plant-1/gw/batch')).toEqual({
      site: 'plant-1',
      agent: 'gw',
      leaf: 'batch',
    });
    expect(parseTopic(liveTopicOf('plant-1', 'gw', 'mill-1'))).toEqual({
      site: 'plant-1',
      agent: 'gw',
      leaf: 'live',
      machine: 'mill-1',
    });
  });

  it('are let through by the filter of their leaf and no other', () => {
    for (const leaf of LEAVES) {
      const topic = leaf === 'live' ? liveTopicOf('s', 'a', 'm') : topicOf('s', 'a', leaf);
      expect(LEAVES.filter((other) => matches(filterOf('s', other), topic))).toEqual([leaf]);
      expect(matches(filterOf('other', leaf), topic)).toBe(false);
    }
  });

  it.each([
    '',
    'millwatt',
    'millwatt/1/s/a',
    'millwatt/2/s/a/batch',
    'millwatt/1/s/a/batch/',
    'millwatt/1/s/a/batch/m',
    'millwatt/1/s/a/live',
    'millwatt/1/s/a/live/',
    'millwatt/1/s/a/live/m/x',
    'millwatt/1/s/a/live/m.1',
    'millwatt/1//a/batch',
    'millwatt/1/+/a/batch',
    'millwatt/1/s/#',
    'millwatt/1/s/../batch',
    'millwatt/1/s/constructor/batch',
    'millwatt/1/s/a/toString',
    '/millwatt/1/s/a/batch',
    'millwatt/1/s/a\0/batch',
  ])('are not %j', (topic) => {
    expect(parseTopic(topic)).toBeUndefined();
  });

  it('give only usable ids, whatever is sent', () => {
    const level = fc.oneof(
      fc.constantFrom('millwatt', '1', 's', 'a', 'live', 'batch', 'receipt', '', '+', '#', '..', 'm'),
      fc.string({ unit: 'binary', maxLength: 5 }),
    );
    const topics = fc
      .tuple(fc.boolean(), fc.array(level, { maxLength: 8 }))
      .map(([ours, levels]) => [...(ours ? ['millwatt', '1'] : []), ...levels].join('/'));
    fc.assert(
      fc.property(topics, (topic) => {
        const parsed = parseTopic(topic);
        if (parsed === undefined) return;
        expect(isId(parsed.site) && isId(parsed.agent) && LEAVES.includes(parsed.leaf)).toBe(true);
        expect(parsed.machine === undefined || isLevelId(parsed.machine)).toBe(true);
        const again =
          parsed.leaf === 'live'
            ? liveTopicOf(parsed.site, parsed.agent, parsed.machine ?? '')
            : topicOf(parsed.site, parsed.agent, parsed.leaf);
        expect(again).toBe(topic);
      }),
      { numRuns: 10_000 },
    );
  });
});
