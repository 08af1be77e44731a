import type { Views } from '../ledger/views.ts';
import { AgentWatch } from './agent-watch.ts';

/** Where the deriver keeps what is not of one machine; no machine can have this name. */
const OWN_CHECKPOINT = '~derive';

/** What the deriver remembers between two commits beside the machines' folds. */
export interface DeriverMemory {
  watch: AgentWatch;
  /** Ordinals of records that wait for the config snapshot they rest on. */
  waiting: number[];
  /** Hours that are not final yet, by machine. */
  provisional: Map<string, Set<number>>;
  /** By which method each machine's hours were computed (`methodOf`). */
  methods: Map<string, string>;
}

interface SavedMemory {
  watch: string;
  waiting: number[];
  provisional: [machine: string, hours: number[]][];
  methods?: [machine: string, method: string][];
}

/** The memory as it was last committed; empty before that. */
export function loadMemory(views: Pick<Views, 'checkpointBefore'>): DeriverMemory {
  const own = views.checkpointBefore(OWN_CHECKPOINT, 0);
  const saved = own === undefined ? undefined : (JSON.parse(own.json) as SavedMemory);
  return {
    watch: new AgentWatch(saved?.watch),
    waiting: saved?.waiting ?? [],
    provisional: new Map(saved?.provisional.map(([machine, hours]) => [machine, new Set(hours)])),
    methods: new Map(saved?.methods),
  };
}

/** The memory as a checkpoint, to be committed with the rows it goes with. */
export function checkpointOf(memory: DeriverMemory): { machine: string; hourMs: number; json: string } {
  const saved: SavedMemory = {
    watch: memory.watch.save(),
    waiting: memory.waiting,
    provisional: [...memory.provisional].map(([machine, hours]) => [machine, [...hours]]),
    methods: [...memory.methods],
  };
  return { machine: OWN_CHECKPOINT, hourMs: 0, json: JSON.stringify(saved) };
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
