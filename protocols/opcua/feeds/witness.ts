import type * as NodeOpcua from 'node-opcua';
import { readingOf, statusWordOf } from '../opcua-value.ts';
import type { NodeState } from './feed-node.ts';

/** A node that reads otherwise than its subscription says, and how much the subscription had told by then. */
interface Suspect {
  state: NodeState;
  told: number;
}

/** A subscription may lag so many of its intervals behind what is read. */
const LAG_INTERVALS = 3;

/**
 * Holds subscriptions against what is read: a server that says it is alive may still have forgotten a node. A node is
 * silent when two reads, more than three of its intervals apart, both give something else than the subscription told,
 * and the subscription told nothing in between. A value that is just changing, or a change smaller than the deadband,
 * is none of that.
 */
export class Witness {
  readonly #read: (nodeIds: readonly string[]) => Promise<NodeOpcua.DataValue[]>;
  readonly #wait: (ms: number) => Promise<void>;

  constructor(
    read: (nodeIds: readonly string[]) => Promise<NodeOpcua.DataValue[]>,
    wait: (ms: number) => Promise<void>,
  ) {
    this.#read = read;
    this.#wait = wait;
  }

  /** The silent ones among watched nodes. Rejects when they cannot be read. */
  async findSilent(states: readonly NodeState[], publishingMs: number): Promise<NodeState[]> {
    const suspects = await this.#compare(states.map((state) => ({ state, told: state.told })));
    if (suspects.length === 0) return [];
    const intervalMs = Math.max(publishingMs, ...suspects.map(({ state }) => state.watched?.samplingMs ?? 0));
    await this.#wait(LAG_INTERVALS * intervalMs);
    const silent = await this.#compare(suspects.filter(({ state, told }) => state.told === told));
    return silent.map(({ state }) => state);
  }

  async #compare(suspects: readonly Suspect[]): Promise<Suspect[]> {
    const asked = suspects.filter(({ state }) => state.node.nodeId !== undefined);
    const values = await this.#read(asked.map(({ state }) => state.node.nodeId ?? ''));
    return asked.filter(({ state, told }, index) => state.told === told && isAnother(values[index], state));
  }
}

/**
 * Statuses that say of the node what its subscription should have told. Others may be the read's own: a server that is
 * busy, or lets a node be watched and not read.
 */
const TELLING = /^Bad(?:NodeIdUnknown|NoCommunication|NotConnected|DeviceFailure|SensorFailure|OutOfService)/;
/** How closely what servers and we make of a deadband agrees: both reckon with rounded numbers. */
const DEADBAND_SLACK = 1.01;

/** Whether a value that was read is another than the one that is held. */
function isAnother(read: NodeOpcua.DataValue | undefined, { held, node }: NodeState): boolean {
  if (read === undefined) return false;
  const isBad = read.statusCode.value >>> 30 >= 2;
  if (isBad && !TELLING.test(read.statusCode.name)) return false;
  if (node.kind === 'word') return statusWordOf(read, node.words) !== statusWordOf(held, node.words);
  const a = readingOf(read).value;
  const b = readingOf(held).value;
  if (a === b) return false;
  // What is no number has nothing to tell, unless it says why.
  if (a === null) return isBad;
  if (b === null || node.deadband === undefined) return true;
  return Math.abs(Number(a) - Number(b)) > DEADBAND_SLACK * node.deadband;
}
