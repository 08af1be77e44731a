import { expect, test } from 'vitest';
import { basisLines } from '../../../cli/reconcile/basis-lines.ts';
import { BasisTally } from '../../../collector/reports/period-basis.ts';
import { sampleHour } from '../../collector/influx/machine-hour-sample.ts';

test('a sum names the amendments and revised hours that it rests on, and is silent where there are none', () => {
  const [amended, plain] = [new BasisTally(), new BasisTally()];
  for (let hour = 0; hour < 3; hour++) {
    const record = sampleHour(Date.UTC(2026, 10, 22, hour));
    plain.add({ ...record, revision: 1 });
    amended.add({
      ...record,
      revision: hour + 1,
      basis: { ...record.basis, algorithm: 'fold/1', amendments: hour === 0 ? ['0a1b2c3d4e5f'] : [] },
    });
  }
  expect(basisLines({ lathe: plain.close('plan'), mill: amended.close('plan') }, Infinity)).toEqual([
    'mill rests on 3 machine-hours (fold/1), 2 of them revised, 1 with amendment 0a1b2c3d4e5f',
  ]);
});
