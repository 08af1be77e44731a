import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { OrderedAcks } from '../../../protocols/mqtt/ordered-acks.ts';

test('acknowledgements leave in the order of arrival, however the handlers finish', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { minLength: 1 }), (order) => {
      const sent: number[] = [];
      const acks = new OrderedAcks((id) => sent.push(id));
      const ids = order.map((_, index) => index + 1);
      const settle = ids.map((id) => acks.admit(id));
      const finished = new Set<number>();
      for (const index of order.map((_, i) => i).sort((a, b) => (order[a] ?? 0) - (order[b] ?? 0))) {
        settle[index]?.();
        finished.add(index + 1);
        const ready = ids.findIndex((id) => !finished.has(id));
        expect(sent).toEqual(ids.slice(0, ready === -1 ? ids.length : ready));
      }
      expect(acks.size).toBe(0);
    }),
  );
});
