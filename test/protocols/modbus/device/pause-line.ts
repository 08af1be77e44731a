import { LinePauses } from '../../../../protocols/modbus/device/device-pause.ts';

/** How a simulated line is used, ms. */
export interface PauseLineOptions {
  units: number;
  spanMs: number;
  everyMs?: number;
  answerMs?: number;
  /** What a poll of a unit comes to: undefined when it is answered, else for how long it holds the line in vain, ms. */
  failsMs: (unit: number, nowMs: number, turn: number) => number | undefined;
}

/**
 * Polls units on one line in slots, as far as their pauses allow, one request at a time in the order they came. Pure.
 * Gives when each unit answered, and how long the line was held in vain.
 */
export function runPauseLine(options: PauseLineOptions): { goodMs: number[][]; wastedMs: number } {
  const { units, spanMs, everyMs = 1000, answerMs = 30, failsMs } = options;
  const pauses = new LinePauses();
  const places = Array.from({ length: units }, (_, unit) => ({
    unit,
    pause: pauses.join(),
    dueMs: (unit * everyMs) / units,
    isWaiting: false,
    turn: 0,
    goodMs: [] as number[],
  }));
  const queue: typeof places = [];
  let wastedMs = 0;
  for (let nowMs = 0; nowMs < spanMs;) {
    const place = queue.shift();
    const endMs = place === undefined ? Math.min(...places.map(({ dueMs }) => dueMs)) : nowMs;
    let tookMs = 0;
    let failedMs: number | undefined;
    if (place !== undefined) {
      failedMs = failsMs(place.unit, nowMs, place.turn++);
      tookMs = failedMs ?? answerMs;
    }
    nowMs = endMs + tookMs;
    // Slots that pass meanwhile.
    for (const other of places)
      for (; other.dueMs <= nowMs; other.dueMs += everyMs) {
        if (other.isWaiting || other.pause.leftMs(other.dueMs) > 0) continue;
        other.isWaiting = true;
        queue.push(other);
      }
    if (place === undefined) continue;
    place.isWaiting = false;
    if (failedMs === undefined) {
      place.pause.answered(nowMs);
      place.goodMs.push(nowMs);
    } else {
      place.pause.failed(nowMs, failedMs);
      wastedMs += failedMs;
    }
  }
  return { goodMs: places.map(({ goodMs }) => goodMs), wastedMs };
}
