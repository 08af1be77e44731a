import type * as NodeOpcua from 'node-opcua';
import type { Clock } from '../clock.ts';
import type { StatusReport } from '../driver.ts';
import { findMachineTools, findStatusNode } from './machine-tool-model.ts';
import { resolveNodeAddress } from './node-address.ts';
import type { OpcuaLink } from './opcua-link.ts';
import type { StatusPoint } from './opcua-wiring.ts';
import { watchStatuses, type StatusWatch, type WatchPace } from './status-watch.ts';

/** A subscription that is silent for so many of its keep-alive intervals is dead, whatever the library believes. */
const SILENT_INTERVALS = 3;
/** A server that will not give a subscription, or shows no machine yet, is asked again after so long. */
const RESUBSCRIBE_MS = 30_000;
const REAL_PACE: WatchPace = { samplingMs: 100, publishingMs: 250 };
/** Under fast time a quarter of a second is minutes of the machine's day. */
const FAST_PACE: WatchPace = { samplingMs: 50, publishingMs: 100 };

/** What following status words needs of the world. */
export interface StatusSurroundings {
  opcua: typeof NodeOpcua;
  clock: Clock;
  /** Real time, for the watchdog. */
  real: Pick<Clock, 'monotonicMs'>;
  /** Tells once why something of the source cannot be read. */
  complain: (point: string, reason: string) => void;
}

/** Follows the status words of a source over one link after another. */
export class StatusFollower {
  readonly #machine: string;
  readonly #points: readonly StatusPoint[];
  readonly #around: StatusSurroundings;
  #report: (status: StatusReport) => void = () => {};
  /** What is followed just now; its words count only while it is this one. */
  #link: OpcuaLink | undefined;
  #watch: StatusWatch | undefined;
  #aliveAtMs = 0;
  #askAgainAtMs = -Infinity;

  /** @param machine browse name of the machine to look for, where a server has several */
  constructor(machine: string, points: readonly StatusPoint[], around: StatusSurroundings) {
    this.#machine = machine;
    this.#points = points;
    this.#around = around;
  }

  onStatus(report: (status: StatusReport) => void): void {
    this.#report = report;
  }

  /** Times the server's queue lost values on this link. */
  get overflows(): number {
    return this.#watch?.overflows ?? 0;
  }

  /** Subscribes where this link has no subscription yet and it is time to ask for one. */
  async follow(link: OpcuaLink): Promise<void> {
    const nowMs = this.#around.real.monotonicMs();
    if (this.#link !== link) {
      this.#link = link;
      this.#watch = undefined;
      this.#askAgainAtMs = -Infinity;
    }
    if (this.#points.length === 0 || this.#watch !== undefined || nowMs < this.#askAgainAtMs) return;
    this.#askAgainAtMs = nowMs + RESUBSCRIBE_MS;
    await this.#subscribe(link);
  }

  /** Breaks a link whose subscription says nothing any more, even if its connection seems to live. */
  checkSilence(): void {
    if (this.#watch === undefined) return;
    const silentMs = this.#around.real.monotonicMs() - this.#aliveAtMs;
    if (silentMs > SILENT_INTERVALS * this.#watch.expectedMs)
      this.#link?.breakWith(`the subscription has been silent for ${Math.round(silentMs / 1000)} s`);
  }

  /** Words of the link that was followed no longer count. */
  leave(): void {
    this.#link = undefined;
    this.#watch = undefined;
  }

  async #subscribe(link: OpcuaLink): Promise<void> {
    const { opcua, clock, real, complain } = this.#around;
    const nodeIds = await this.#findNodes(link);
    const found = this.#points.flatMap((point, index) => {
      const nodeId = nodeIds[index];
      if (nodeId !== undefined) return [{ point, nodeId }];
      complain(point.channel.point, 'the machine does not offer it');
      this.#tell(point, null);
      return [];
    });
    if (found.length === 0) return;
    const isCurrent = () => this.#link === link;
    this.#aliveAtMs = real.monotonicMs();
    const watching = watchStatuses(
      opcua,
      link.session,
      found.map(({ nodeId }) => nodeId),
      clock.speed() > 1 ? FAST_PACE : REAL_PACE,
      {
        onWord: (index, word) => {
          const point = found[index]?.point;
          if (point !== undefined && isCurrent()) this.#tell(point, word);
        },
        onRefused: (index, reason) => {
          const point = found[index]?.point;
          if (point === undefined) return;
          complain(point.channel.point, reason);
          this.#tell(point, null);
        },
        onAlive: () => {
          if (isCurrent()) this.#aliveAtMs = real.monotonicMs();
        },
        onEnd: (reason) => link.breakWith(reason),
      },
    );
    try {
      const watch = await watching;
      if (isCurrent()) this.#watch = watch;
    } catch (error) {
      // Power and energy go on without status words; a broken link shows itself at the next read.
      complain('subscription', error instanceof Error ? error.message : String(error));
      for (const { point } of found) this.#tell(point, null);
    }
  }

  async #findNodes({ session, namespaceUris }: OpcuaLink): Promise<(string | undefined)[]> {
    const { complain } = this.#around;
    const byModel = this.#points.some((point) => 'model' in point);
    const machines = byModel ? await findMachineTools(session, namespaceUris) : [];
    const machine = machines.find(({ name }) => name === this.#machine) ?? machines[0];
    if (byModel && machine === undefined)
      complain('Machines', 'the server offers no machine of type MachineToolType');
    if (machines.length > 1 && machine?.name !== this.#machine)
      complain('Machines', `of ${machines.length} machine tools the first is read: ${machine?.name}`);
    const nodeIds: (string | undefined)[] = [];
    for (const point of this.#points) {
      if ('address' in point) nodeIds.push(resolveNodeAddress(point.address, namespaceUris));
      else if (machine === undefined) nodeIds.push(undefined);
      else nodeIds.push(await findStatusNode(session, machine.nodeId, point.model, namespaceUris));
    }
    return nodeIds;
  }

  #tell(point: StatusPoint, value: StatusReport['value']): void {
    this.#report({ channel: point.channel.id, atMs: this.#around.clock.monotonicMs(), value });
  }
}
