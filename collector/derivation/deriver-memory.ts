import type { FrozenMachine, LateRange } from '../ledger/frozen-store.ts';
import type { Views } from '../ledger/views.ts';
import type { Amendment } from '../energy/amendment.ts';
import { AgentWatch } from './agent-watch.ts';
import { BootClocks } from './boot-clocks.ts';
import { FrozenBook } from './frozen-book.ts';
import type { Method } from './method.ts';

/** Where the deriver keeps what is not of one machine; no machine can have this name. */
const OWN_CHECKPOINT = '~derive';

/** What the deriver remembers between two commits beside the machines' folds. */
export interface DeriverMemory {
  watch: AgentWatch;
  clocks: BootClocks;
  /** Ordinals of records that wait for the config snapshot they rest on, for a clock, or for a good copy of themselves. */
  waiting: number[];
  /** Hours that are not final yet, by machine. */
  provisional: Map<string, Set<number>>;
  /** By which method each machine's hours were computed. */
  methods: Map<string, Method>;
  /** Machines whose hours do not hold from a time on, wall ms, -Infinity for all: they are computed again before anything else. */
  outdated: Map<string, number>;
  /** Hours whose readings are not kept any more. */
  frozen: FrozenBook;
}

interface SavedMemory {
  watch: string;
  clocks?: ReturnType<BootClocks['save']>;
  waiting: number[];
  provisional: [machine: string, hours: number[]][];
  methods?: [machine: string, hash: string, amendments?: readonly Amendment[]][];
  /** Null for -Infinity. */
  outdated?: [machine: string, fromMs: number | null][];
  late?: LateRange[];
}

/** The memory as it was last committed; empty before that. */
export function loadMemory(
  views: Pick<Views, 'checkpointBefore'>,
  frozen: readonly FrozenMachine[] = [],
): DeriverMemory {
  const own = views.checkpointBefore(OWN_CHECKPOINT, 0);
  const saved = own === undefined ? undefined : (JSON.parse(own.json) as SavedMemory);
  return {
    watch: new AgentWatch(saved?.watch),
    clocks: new BootClocks(saved?.clocks),
    waiting: saved?.waiting ?? [],
    provisional: new Map(saved?.provisional.map(([machine, hours]) => [machine, new Set(hours)])),
    methods: new Map(
      saved?.methods?.map(([machine, hash, amendments = []]) => [machine, { hash, amendments }]),
    ),
    outdated: new Map(saved?.outdated?.map(([machine, fromMs]) => [machine, fromMs ?? -Infinity])),
    frozen: new FrozenBook(frozen, saved?.late),
  };
}

/** The memory as a checkpoint, to be committed with the rows it goes with. */
export function checkpointOf(memory: DeriverMemory): { machine: string; hourMs: number; json: string } {
  const saved: SavedMemory = {
    watch: memory.watch.save(),
    clocks: memory.clocks.save(),
    waiting: memory.waiting,
    provisional: [...memory.provisional].map(([machine, hours]) => [machine, [...hours]]),
    methods: [...memory.methods].map(([machine, { hash, amendments }]) => [machine, hash, amendments]),
    outdated: [...memory.outdated].map(([machine, fromMs]) => [
      machine,
      fromMs === -Infinity ? null : fromMs,
    ]),
    late: memory.frozen.late(),
  };
  return { machine: OWN_CHECKPOINT, hourMs: 0, json: JSON.stringify(saved) };
}

/** Takes note that a machine's hours do not hold from a time on, wall ms. */
export function markOutdated({ outdated }: DeriverMemory, machine: string, fromMs: number): void {
  outdated.set(machine, Math.min(fromMs, outdated.get(machine) ?? Infinity));
}

/** Takes note of whether an hour is provisional. */
export function markHour({ provisional }: DeriverMemory, hour: HourMark): void {
  let hours = provisional.get(hour.machine);
  if (hours === undefined) provisional.set(hour.machine, (hours = new Set()));
  if (hour.status === 'provisional') hours.add(hour.hourMs);
  else hours.delete(hour.hourMs);
}

interface HourMark {
  machine: string;
  hourMs: number;
  status: 'provisional' | 'final';
}
