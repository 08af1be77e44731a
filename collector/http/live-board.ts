import type { Decision } from '../energy/decide-state.ts';
import { OPERATING_STATES, type OperatingState } from '../../protocols/telemetry/operating-state.ts';
import { STATUSES, type Status } from '../../protocols/telemetry/quantity.ts';
import { isChannelId } from '../../protocols/telemetry/ids.ts';
import type { LiveMessage } from '../../protocols/telemetry/live.ts';

/** A machine as it is just now, for people; never a source of energy. */
export interface MachineLive extends Decision {
  machine: string;
  /** Wall time of the newest message, ms since the Unix epoch, by the agent's clock. */
  atMs: number;
  /** Active power of the whole machine, W; null when it is not known or not fresh. */
  powerW: number | null;
  /** True when no agent has said anything of the machine for a while. */
  stale: boolean;
  values: LiveMessage['values'];
  down: { agent: string; source: string; reason: string }[];
}

/** What the state of a machine is told from. */
export interface StateInput {
  supplyPowerW: number | null;
  /** What the control says of itself. */
  statuses: {
    status: Status;
    vocabulary: string;
    value: string | number | boolean | null;
    channel?: string;
  }[];
  /** False when the values are old: then nothing may be concluded from them. */
  fresh: boolean;
}

/** What every machine does just now. */
export interface LiveBoard {
  /** Takes a message in; the newest of each agent counts, and several agents may speak of one machine. */
  put(agent: string, message: LiveMessage): void;
  /** All machines, by id. */
  latest(): MachineLive[];
  /** Calls back with the machine when something of it has come in; gives the function that ends it. */
  onChange(listener: (machine: string) => void): () => void;
  /** One machine as it is now. */
  read(machine: string): MachineLive | undefined;
}

/** Without a word for so long (real ms) a machine's values are no longer shown as now. */
const STALE_AFTER_MS = 10_000;
/** Machines that nobody configured are shown too, but not without end. */
const MACHINES_MAX = 1_000;

/** The latest values of every machine, and the state that follows from them. */
export function createLiveBoard(parts: {
  /** Real ms, monotonic: silence is measured on it even where the plant's time runs fast. */
  nowMs: () => number;
  stateOf: (machine: string, input: StateInput) => Decision;
}): LiveBoard {
  const { nowMs, stateOf } = parts;
  const machines = new Map<string, Map<string, { message: LiveMessage; receivedMs: number }>>();
  const listeners = new Set<(machine: string) => void>();

  const read = (machine: string): MachineLive | undefined => {
    const byAgent = machines.get(machine);
    if (byAgent === undefined) return undefined;
    const values: LiveMessage['values'] = {};
    const down: MachineLive['down'] = [];
    let atMs = 0;
    let fresh = false;
    // The freshest agent last, so that its values win.
    const messages = [...byAgent].sort(([, a], [, b]) => a.receivedMs - b.receivedMs);
    for (const [index, [agent, { message, receivedMs }]] of messages.entries()) {
      if (nowMs() - receivedMs <= STALE_AFTER_MS) fresh = true;
      // Where all are silent, the last that spoke still tells what was and when.
      else if (index < messages.length - 1) continue;
      Object.assign(values, message.values);
      atMs = Math.max(atMs, message.at);
      for (const { source, reason } of message.down) down.push({ agent, source, reason });
    }
    const powerW = fresh ? supplyPower(machine, values) : null;
    const decision = stateOf(machine, { supplyPowerW: powerW, statuses: statusesOf(values), fresh });
    return { machine, atMs, ...decision, powerW, stale: !fresh, values, down };
  };

  return {
    put: (agent, message) => {
      let byAgent = machines.get(message.machine);
      if (byAgent === undefined) {
        if (machines.size >= MACHINES_MAX) return;
        byAgent = new Map();
        machines.set(message.machine, byAgent);
      }
      byAgent.set(agent, { message: { ...message, values: ownValues(message) }, receivedMs: nowMs() });
      for (const listener of listeners) listener(message.machine);
    },
    latest: () =>
      [...machines.keys()].sort().flatMap((machine) => {
        const live = read(machine);
        return live === undefined ? [] : [live];
      }),
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    read,
  };
}

/** The total, or the sum of the three phases where a meter gives only those. */
function supplyPower(machine: string, values: LiveMessage['values']): number | null {
  const power = (suffix: string): number | null => {
    const entry = values[`${machine}.supply.activePower${suffix}`];
    return entry !== undefined && typeof entry.value === 'number' && entry.quality !== 'bad'
      ? entry.value
      : null;
  };
  const total = power('');
  if (total !== null) return total;
  const phases = ['.l1', '.l2', '.l3'].map(power);
  return phases.every((phase) => phase !== null) ? phases.reduce((sum, phase) => sum + phase, 0) : null;
}

/** The unit of a status channel is the vocabulary of its words. */
function statusesOf(values: LiveMessage['values']): StateInput['statuses'] {
  return Object.entries(values).flatMap(([channel, { value, unit }]) => {
    const status = STATUSES.find((name) => channel.split('.')[2] === name);
    return status === undefined ? [] : [{ status, vocabulary: unit, value, channel }];
  });
}

/** Only what is a channel of this machine: the message came over the network. */
function ownValues(message: LiveMessage): LiveMessage['values'] {
  return Object.fromEntries(
    Object.entries(message.values).filter(
      ([channel]) => isChannelId(channel) && channel.startsWith(`${message.machine}.`),
    ),
  );
}

/** Names of the states with the number that stands for each in metrics. */
export const STATE_NUMBERS: Readonly<Record<OperatingState, number>> = Object.fromEntries(
  OPERATING_STATES.map((state, index) => [state, index]),
) as Record<OperatingState, number>;
