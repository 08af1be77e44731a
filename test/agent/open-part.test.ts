import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { OpenPart } from '../../agent/open-part.ts';
import { spanOf, splitPart } from '../../agent/part-splitting.ts';
import { countSamples, decodePart, encodePart, type MachinePart } from '../../protocols/telemetry/part.ts';
import { QUALITIES } from '../../protocols/telemetry/quantity.ts';

const step = fc.record({
  afterMs: fc.integer({ min: 1, max: 5000 }),
  what: fc.constantFrom('poll', 'poll', 'poll', 'event', 'link', 'save'),
  everyMs: fc.constantFrom(100, 1000),
  source: fc.constantFrom('a', 'b'),
  values: fc.array(fc.oneof(fc.constant(null), fc.integer(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n })), {
    minLength: 1,
    maxLength: 3,
  }),
  quality: fc.constantFrom(...QUALITIES),
});
const steps = fc.array(step, { minLength: 1, maxLength: 40 });

/** Plays the steps, and gives the part with the pieces that were saved on the way. */
function play(script: typeof steps extends fc.Arbitrary<infer T> ? T : never): {
  open: OpenPart;
  saved: MachinePart[];
} {
  const open = new OpenPart('mill');
  const saved: MachinePart[] = [];
  let nowMs = 0;
  const save = () => {
    const unsaved = open.takeUnsaved();
    if (unsaved !== undefined) saved.push(decodePart(encodePart(unsaved)));
  };
  for (const { afterMs, what, everyMs, source, values, quality } of script) {
    nowMs += afterMs;
    if (what === 'save') save();
    else if (what === 'event') open.addEvent(source, 'mill.control.execution', nowMs, `word ${nowMs}`);
    else if (what === 'link') open.addLink(source, nowMs, values.length > 1, quality);
    else {
      const readings = values.map((value, index) => ({ channel: `mill.supply.c${index}`, value, quality }));
      open.addPoll(source, everyMs, nowMs, readings);
    }
  }
  save();
  return { open, saved };
}

test('what was saved piece by piece makes the same part again', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const { open, saved } = play(script);
      const again = new OpenPart('mill');
      for (const piece of saved) again.addPart(piece);
      const sortGroups = (part: MachinePart) => ({
        ...part,
        sampled: [...part.sampled].sort((a, b) =>
          JSON.stringify(key(a)).localeCompare(JSON.stringify(key(b))),
        ),
        events: [...part.events].sort((a, b) => a.source.localeCompare(b.source)),
        links: [...part.links].sort((a, b) => a.source.localeCompare(b.source)),
      });
      expect(encodePart(sortGroups(again.toPart()))).toBe(encodePart(sortGroups(open.toPart())));
      expect(again.samples).toBe(open.samples);
      expect(open.samples).toBe(countSamples(open.toPart()));
      expect(open.takeUnsaved()).toBeUndefined();
    }),
  );
});

test('a divided part says the same in order, and neither half is empty', () => {
  fc.assert(
    fc.property(steps, (script) => {
      const part = play(script).open.toPart();
      const span = spanOf(part);
      const halves = splitPart(part);
      if (span === undefined) {
        expect(halves).toBeUndefined();
        return;
      }
      if (span.firstMs === span.lastMs) {
        const things = thingsOf(part);
        expect(halves?.flatMap(thingsOf).sort() ?? things).toEqual(things.sort());
        for (const half of halves ?? []) expect(thingsOf(half)).not.toEqual([]);
        expect(halves === undefined).toBe(things.length === 1);
        return;
      }
      const [left, right] = halves ?? [part, part];
      expect(spanOf(left)?.firstMs).toBe(span.firstMs);
      expect(spanOf(right)?.lastMs).toBe(span.lastMs);
      expect(spanOf(left)?.lastMs ?? 0).toBeLessThan(spanOf(right)?.firstMs ?? 0);
      expect(countSamples(left) + countSamples(right)).toBe(countSamples(part));
      const whole = new OpenPart('mill');
      whole.addPart(left);
      whole.addPart(right);
      const text = (one: MachinePart) =>
        JSON.stringify(
          one.sampled
            .map((group) => [key(group), [...group.columns].map(String), [...group.quality]])
            .map(String)
            .sort(),
        );
      expect(text(whole.toPart())).toBe(text(part));
    }),
  );
});

/** Everything a part of one moment says, thing by thing. */
function thingsOf({ sampled, events, links }: MachinePart): string[] {
  return [
    ...sampled.flatMap(({ source, columns, quality }) =>
      [...columns].map(([channel, values]) => String([source, channel, values, quality.get(channel)])),
    ),
    ...events.flatMap(({ channel, values }) => values.map((value) => `${channel} ${value}`)),
    ...links.flatMap(({ source, up, reasons }) =>
      reasons.map((reason, row) => `${source} ${up[row]} ${reason}`),
    ),
  ];
}

function key(group: MachinePart['sampled'][number]): unknown[] {
  return [group.source, group.everyMs, [...group.columns.keys()]];
}
