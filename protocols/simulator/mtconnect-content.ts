import type { Told } from './mtconnect-buffer.ts';
import type { DeviceModel } from './mtconnect-devices.ts';
import type { RecordedLog } from './mtconnect-log.ts';

/** What a simulated agent has to tell. */
export interface AgentContent {
  readonly model: DeviceModel;
  /** Hands on, once and in order, what has become known up to a wall time; times never fall from call to call. */
  advance(wallMs: number, tell: (told: Told) => void): void;
}

/**
 * A recorded log as what an agent tells: each line when the clock reaches it. A line that is older than one above it
 * comes right after that one, so the order of the file is the order of the sequence numbers.
 */
export function replayLog(model: DeviceModel, log: RecordedLog): AgentContent {
  let next = 0;
  let dueMs = -Infinity;
  return {
    model,
    advance: (wallMs, tell) => {
      for (; next < log.told.length; next++) {
        const told = log.told[next]!;
        dueMs = Math.max(dueMs, told.timeMs);
        if (dueMs > wallMs) return;
        tell(told);
      }
    },
  };
}
