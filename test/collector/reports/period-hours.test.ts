import { expect, it } from 'vitest';
import type { MachineHour } from '../../../collector/energy/machine-hour.ts';
import type { Views } from '../../../collector/ledger/views.ts';
import { readPeriodHours } from '../../../collector/reports/period-hours.ts';
import { derivePlant, HOUR_MS, MACHINE } from './period-plant.ts';

const FROM_MS = Date.UTC(2026, 6, 6, 4);

it('reads records and minutes of one moment, also while a collector writes in between', async () => {
  const { views, close } = await derivePlant(FROM_MS, 3);
  try {
    const [hour] = views.hours(MACHINE, FROM_MS, FROM_MS + HOUR_MS);
    if (hour === undefined) throw new Error('there is no hour');
    const before = { ...hour, energy: { ...hour.energy, stateMwh: { ...hour.energy.stateMwh, unknown: 7 } } };
    const read = (old: number) => {
      let reads = 0;
      // The first reads get the record as it was before its minutes were written anew.
      const hours: Views['hours'] = (...range) =>
        reads++ < old ? [before as MachineHour] : views.hours(...range);
      return [...readPeriodHours({ views: { ...bound, hours } }, MACHINE, FROM_MS, FROM_MS + HOUR_MS)];
    };
    const bound = {
      bases: views.bases.bind(views),
      minutes: views.minutes.bind(views),
      states: views.states.bind(views),
      snapshot: views.snapshot.bind(views),
      watched: views.watched.bind(views),
      channels: views.channels.bind(views),
    };
    expect(read(2).map(({ record }) => record)).toEqual([hour]);
    // What does not heal is a fault of ours.
    expect(() => read(100)).toThrow('do not sum to its record');
  } finally {
    close();
  }
}, 60_000);
