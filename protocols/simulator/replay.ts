import type { Clock } from '../clock.ts';
import { MillwattError } from '../errors.ts';
import {
  canonicalScale,
  pointName,
  type DeviceProfile,
  type ProfilePoint,
} from '../modbus/profile/profile.ts';
import type { Decimal, Reading } from '../telemetry/decimal.ts';
import type { Phase, Quantity } from '../telemetry/quantity.ts';
import { UNITS } from '../telemetry/unit.ts';
import { createProfileBank } from './modbus-bank.ts';
import type { RegisterBank } from './modbus-answer.ts';
import { parseField, scaleDecimal, type Recording } from './recording.ts';

/** Which column of a recording holds which value of the meter. */
export interface ReplayColumn {
  column: string;
  quantity: Quantity;
  phase: Phase;
  /** Unit of the column, a key of UNITS. */
  unit: string;
}

/** What of a recording is to be shown, and for how long. */
export interface ReplayOptions {
  recording: Recording;
  columns: readonly ReplayColumn[];
  /** A row is shown for so long when no other follows, ms; then the meter is silent until the next row. Default 2000. */
  maxHoldMs?: number;
}

/** A recorded meter at the time of a clock. */
export interface Replay {
  /** Wall times of the rows, ms since the Unix epoch. */
  readonly rowTimesMs: readonly number[];
  /** The row in force: the last at or before now, held for at most `maxHoldMs`; null before the first and in a gap. */
  rowNow(): number | null;
  /** What the register of a point holds now: the recorded decimal in the register's own unit, rounded once. */
  valueOf(point: ProfilePoint): Reading | null;
  /** Registers of a device of this profile; silent where the recording is. */
  bank(profile: DeviceProfile): RegisterBank;
}

/** Serves a recording as a meter. Throws an error of class `refuse` (code `bad-recording`) for a column that is missing. */
export function createReplay(options: ReplayOptions, clock: Pick<Clock, 'wallMs'>): Replay {
  const { recording, maxHoldMs = 2000 } = options;
  const { rowTimesMs } = recording;
  const fields = new Map(
    options.columns.map((mapping) => [pointName(mapping), readColumn(recording, mapping)]),
  );

  const rowNow = (): number | null => {
    const nowMs = clock.wallMs();
    let low = -1;
    let high = rowTimesMs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (rowTimesMs[middle]! <= nowMs) low = middle;
      else high = middle - 1;
    }
    return low >= 0 && nowMs - rowTimesMs[low]! <= maxHoldMs ? low : null;
  };

  const valueOf = (point: ProfilePoint): Reading | null => {
    const field = fields.get(pointName(point));
    const row = field === undefined ? null : rowNow();
    const decimal = row === null ? null : field?.decimals[row];
    if (field === undefined || decimal === null || decimal === undefined) return null;
    const scale = canonicalScale(point);
    const raw = scaleDecimal(decimal, field.factor.num * scale.den, field.factor.den * scale.num);
    if (point.type.startsWith('f')) return raw;
    return (point.counter === undefined ? Math.round(raw) : Math.floor(raw)) + 0;
  };

  return {
    rowTimesMs,
    rowNow,
    valueOf,
    bank: (profile) => {
      const bank = createProfileBank(profile, valueOf);
      return {
        ...bank,
        read: (functionCode, address, count) =>
          rowNow() === null ? 'silent' : bank.read(functionCode, address, count),
      };
    },
  };
}

function readColumn(
  recording: Recording,
  mapping: ReplayColumn,
): { decimals: readonly (Decimal | null)[]; factor: { num: bigint; den: bigint } } {
  const texts = recording.column(mapping.column);
  const unit = UNITS[mapping.unit];
  if (texts === undefined || unit === undefined) {
    const what = texts === undefined ? `has no column ${mapping.column}` : `cannot be in ${mapping.unit}`;
    throw new MillwattError('refuse', 'bad-recording', `The recording ${what}.`, {
      cure: `Name one of its columns (${recording.columnNames.join(', ')}) and a unit such as kW or kWh.`,
    });
  }
  return { decimals: texts.map(parseField), factor: unit.factor };
}
