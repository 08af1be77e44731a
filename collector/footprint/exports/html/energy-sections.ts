import { OPERATING_STATES, type OperatingState } from '../../../../protocols/telemetry/operating-state.ts';
import { drawBars, type Bar } from './bars.ts';
import type { Line, Part } from './page-text.ts';
import type { RecordReader } from './record-reader.ts';
import {
  drawTable,
  drawText,
  insideOf,
  shareFor,
  stack,
  type Cell,
  type Column,
  type Section,
} from './section.ts';

const STATE_WORDS: Readonly<Record<OperatingState, string>> = {
  off: 'off',
  standby: 'standby',
  extendedStandby: 'extended standby',
  warmUp: 'warm-up',
  ready: 'ready',
  processing: 'processing',
  unknown: 'unknown',
};

/** A bar of an energy with half its interval, by U in %. */
export function barOf(value: number | null, percent: number | null, title: string, isHollow = false): Bar {
  const half = value === null || percent === null ? null : (Math.abs(value) * percent) / 100;
  return { value, half, isHollow, title };
}

/** `2440 kWh, U = 2.2 %`. */
export function sayOf(text: string, percent: number | null): string {
  return `${text} kWh${percent === null ? '' : `, U = ${percent} %`}`;
}

/** Energy, time and mean power of each state; states that never were are named below. */
export function statesSection({ record, say, number, has }: RecordReader): Section {
  const { states } = record.activity;
  const isSeen = (state: OperatingState) => states[state].hours !== '0' || states[state].energyKwh !== '0';
  const seen = OPERATING_STATES.filter(isSeen);
  const never = OPERATING_STATES.filter((state) => !isSeen(state));
  return {
    id: 'states',
    title: 'Energy by state',
    draw(widthEm, room) {
      const hasPower = seen.some((state) => states[state].meanW !== null);
      const hasU = seen.some((state) => has(`uncertainty.states.${state}`));
      const kwh: Line[] = seen.map((state) => [say(`activity.states.${state}.energyKwh`)]);
      const [ofKwh, ofHours, ofPower] = [
        shareFor(kwh, widthEm, [13, 24]),
        shareFor(
          seen.map((state) => [say(`activity.states.${state}.hours`)]),
          widthEm,
          [11, 20],
        ),
        shareFor(
          [...seen.map((state) => [say(`activity.states.${state}.meanW`)]), ['mean W']],
          widthEm,
          [12, 17],
        ),
      ];
      const columns: Column[] = [
        { head: 'State', share: 18 },
        { head: 'energy, kWh', share: 82 - ofKwh - ofHours - (hasPower ? ofPower : 0) - (hasU ? 9 : 0) },
        { head: 'kWh', share: ofKwh, isNumber: true },
        { head: 'h', share: ofHours, isNumber: true },
        ...(hasPower ? [{ head: 'mean W', share: ofPower, isNumber: true } as const] : []),
        ...(hasU ? [{ head: 'U, %', share: 9, isNumber: true } as const] : []),
      ];
      const bars = drawBars(
        seen.map((state) => {
          const percent = number(`uncertainty.states.${state}`);
          return barOf(
            Number(states[state].energyKwh),
            percent,
            `${STATE_WORDS[state]}: ${sayOf(states[state].energyKwh, percent)}`,
          );
        }),
        insideOf(widthEm, columns[1]!),
      );
      columns[1]!.axis = bars.axis;
      const rows = seen.map((state, index): Cell[] => [
        [[STATE_WORDS[state]]],
        { svg: bars.bars[index] ?? '' },
        [kwh[index] ?? []],
        [[say(`activity.states.${state}.hours`)]],
        ...(hasPower ? [[[orDash(states[state].meanW, say(`activity.states.${state}.meanW`))]]] : []),
        ...(hasU
          ? [
              [
                [
                  orDash(
                    states.off && number(`uncertainty.states.${state}`),
                    say(`uncertainty.states.${state}`),
                  ),
                ],
              ],
            ]
          : []),
      ]);
      // Where not all have room those stay that most of the energy is of, in their order.
      const largest = seen
        .map((state, index) => ({ index, kwh: Number(states[state].energyKwh) }))
        .sort((a, b) => b.kwh - a.kwh)
        .slice(0, Math.max(1, room.rows))
        .map(({ index }) => index);
      const table = drawTable(
        columns,
        rows.filter((_, index) => largest.includes(index)),
        {
          widthEm,
          room: { ...room, rows: Infinity },
          caption: 'Energy, hours and mean power by operating state',
        },
      );
      return stack(
        largest.length < rows.length ? { ...table, cut: `${largest.length} of ${rows.length}` } : table,
        drawText(
          never.length === 0
            ? []
            : [[`Never seen, 0 h and 0 kWh: ${never.map((state) => STATE_WORDS[state]).join(', ')}.`]],
          { widthEm, room },
        ),
      );
    },
  };
}

/** A dash where nothing can be stated. */
export const orDash = (value: unknown, part: Part): Part => (value === null ? '–' : part);

/** Energy of each sub-meter, the largest first, and what none of them saw; undefined where there are none. */
export function componentsSection({ record, say, number }: RecordReader): Section | undefined {
  const names = Object.keys(record.activity.components);
  if (names.length === 0 && record.activity.residualKwh === null) return undefined;
  const pathOf = (name: string) => `activity.components.${name}.energyKwh`;
  const sorted = names
    .map((name) => ({ name, path: pathOf(name), value: number(pathOf(name)) ?? 0 }))
    .sort((a, b) => b.value - a.value);
  return {
    id: 'components',
    title: 'Energy by component',
    draw(widthEm, room) {
      const residual = record.activity.residualKwh;
      const kwh: Line[] = [...sorted.map(({ path }) => [say(path)]), [say('activity.residualKwh')]];
      const ofKwh = shareFor(kwh, widthEm, [16, 30]);
      const ofName = shareFor([...names.map((name) => [name]), ['no meter of its own']], widthEm, [24, 40]);
      const columns: Column[] = [
        { head: 'Component', share: ofName },
        { head: 'energy, kWh', share: 100 - ofName - ofKwh },
        { head: 'kWh', share: ofKwh, isNumber: true },
      ];
      const bars = drawBars(
        [
          ...sorted.map(({ name, value }) => barOf(value, null, `${name}: ${value} kWh`)),
          ...(residual === null
            ? []
            : [barOf(Number(residual), null, `no meter of its own: ${residual} kWh`, true)]),
        ],
        insideOf(widthEm, columns[1]!),
      );
      columns[1]!.axis = bars.axis;
      const rest: Cell[][] =
        residual === null
          ? []
          : [[[['no meter of its own']], { svg: bars.bars.at(-1) ?? '' }, [[say('activity.residualKwh')]]]];
      // The rest stays in sight where the list is cut.
      const rows = sorted.map(({ name, path }, index): Cell[] => [
        [[name]],
        { svg: bars.bars[index] ?? '' },
        [[say(path)]],
      ]);
      const shown = rows.slice(0, Math.max(1, room.rows - rest.length));
      const table = drawTable(columns, [...shown, ...rest], {
        widthEm,
        room: { ...room, rows: Infinity },
        caption: 'Energy by component',
      });
      return stack(
        shown.length < rows.length ? { ...table, cut: `${shown.length} of ${rows.length}` } : table,
        drawText(residual === null ? [['What no sub-meter saw is not known.']] : [], { widthEm, room }),
      );
    },
  };
}
