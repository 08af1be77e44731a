import type { ClientSession } from 'node-opcua';
import type { Clock } from '../../clock.ts';
import type { Log } from '../../log.ts';
import type { FeedNode } from '../feeds/feed-node.ts';
import type { OpcuaLink } from '../link/opcua-link.ts';
import type { ServerFacts } from '../link/server-facts.ts';
import { nameCause } from '../library-words.ts';
import type { Found } from '../model/found.ts';
import { parseNodeAddress, resolveNodeAddress } from '../node-address.ts';
import type { OpcuaSourceOptions } from '../opcua-options.ts';
import { createOpcuaWiring, nodesWithoutUnit, type OpcuaWiring } from './opcua-wiring.ts';

/** How a server is asked what it offers. */
export interface Askers {
  /** Finds what the model of a source says should be there, until the signal is given. */
  findModel(
    session: ClientSession,
    namespaceUris: readonly string[],
    options: Pick<OpcuaSourceOptions, 'model' | 'instance' | 'found' | 'component'>,
    signal: AbortSignal,
  ): Promise<Found>;
  /** The units of nodes, as keys of UNITS. */
  readNodeUnits(session: ClientSession, nodeIds: readonly string[]): Promise<(string | undefined)[]>;
}

/** A server that does not show what it should is asked again after so long; the longest pause. */
const ASK_MS_MIN = 30_000;
const ASK_MS_MAX = 3_600_000;
/** A model that is not found by then is not found this time. */
const FIND_MS_MAX = 300_000;
/** Each other wiring is sealed: a server that offers something else at every restart must not fill the records with it. */
/** A server that says of every value that its meaning changed is not asked for each. */
const DOUBT_MS_MIN = 300_000;
const CHANGES_MAX = 6;
const CHANGES_MS = 3_600_000;

/**
 * The wiring of a source: from its options, and, where these leave it to the server, from what the server told when it
 * was last asked. Kept over a lost connection; the server is asked again when it was started anew, has other namespaces,
 * or did not show everything.
 */
export class WiringKeeper {
  readonly #options: OpcuaSourceOptions;
  readonly #askers: Askers;
  readonly #real: Pick<Clock, 'monotonicMs'>;
  readonly #log: Log;
  /** Something is left to the server. */
  readonly #asksAtAll: boolean;
  #wiring: OpcuaWiring;
  /** Of the server as it was asked. */
  #askedOf: ServerFacts | undefined;
  /** The link over which a server was asked last, whatever came of it. */
  #triedOver: OpcuaLink | undefined;
  /** Everything was there that was to be. */
  #complete = false;
  /** What a model found is where it was found; not so where it found nothing this time and is kept from before. */
  #foundHere = false;
  #lastFound: Found | undefined;
  #failed: string | undefined;
  #askMs = ASK_MS_MIN;
  #askAtMs = -Infinity;
  /** When the wiring became another; the last few times. */
  readonly #changedAtMs: number[] = [];
  #doubtedAtMs = -Infinity;
  /** It changed so often that the next wiring has to wait. */
  #unsteady = false;
  /** Listed nodes whose unit is left to the server. */
  readonly #unitless: ReadonlySet<string>;
  /** Counts questions: what an earlier one still brings does not count. */
  #questions = 0;

  /** Throws an error of class `refuse` for options that no server can make right. */
  constructor(options: OpcuaSourceOptions, askers: Askers, real: Pick<Clock, 'monotonicMs'>, log: Log) {
    this.#options = options;
    this.#askers = askers;
    this.#real = real;
    this.#log = log;
    this.#wiring = createOpcuaWiring(options);
    this.#unitless = new Set(nodesWithoutUnit(options));
    this.#asksAtAll = options.model !== undefined || this.#unitless.size > 0;
  }

  get wiring(): OpcuaWiring {
    return this.#wiring;
  }

  /** Whether the server has to be asked over this link, and it is time to. */
  mustAsk(link: OpcuaLink): boolean {
    if (!this.#asksAtAll) return false;
    const known = this.#knows(link);
    if (known && this.#complete) return false;
    const isNew = !known && this.#triedOver !== link;
    return isNew || this.#real.monotonicMs() >= this.#askAtMs;
  }

  /** A node means something else than when the server was asked: nothing is known of it until it is asked again. */
  doubt(): void {
    const nowMs = this.#real.monotonicMs();
    if (!this.#asksAtAll || nowMs - this.#doubtedAtMs < DOUBT_MS_MIN) return;
    this.#doubtedAtMs = nowMs;
    this.#askedOf = undefined;
    this.#triedOver = undefined;
  }

  /**
   * Asks the server what it offers, and wires the source anew: true when the wiring is another than before. Where the
   * server fails to tell, what was found before stays. Never rejects.
   */
  async ask(link: OpcuaLink): Promise<boolean> {
    const { model } = this.#options;
    const question = ++this.#questions;
    if (!this.#knows(link) && this.#triedOver !== link) this.#askMs = ASK_MS_MIN;
    this.#triedOver = link;
    this.#askAtMs = this.#real.monotonicMs() + this.#askMs;
    this.#askMs = Math.min(ASK_MS_MAX, 2 * this.#askMs);
    try {
      const { namespaceUris } = link.facts;
      const found =
        model === undefined
          ? undefined
          : await this.#askers.findModel(
              link.session,
              namespaceUris,
              this.#options,
              AbortSignal.timeout(FIND_MS_MAX),
            );
      const units = await this.#readUnits(link);
      if (question !== this.#questions) return false;
      this.#failed = undefined;
      const foundHere = found === undefined || found.measured.length + found.statuses.length > 0;
      // A control that is only starting shows nothing yet: what is wired stays wired, without values.
      const lastFound = foundHere || this.#lastFound === undefined ? found : this.#lastFound;
      const wiring = createOpcuaWiring(this.#options, { found: lastFound, units });
      const isAnother = tellingOf(wiring) !== tellingOf(this.#wiring);
      this.#unsteady = isAnother && !this.#knows(link) && this.#changedTooOften();
      if (this.#unsteady) return false;
      if (isAnother) this.#noteChange();
      this.#askedOf = link.facts;
      this.#foundHere = foundHere;
      this.#complete = foundHere && [...units.values()].every((unit) => unit !== undefined);
      this.#lastFound = lastFound;
      this.#wiring = wiring;
      return isAnother;
    } catch (error) {
      if (question !== this.#questions) return false;
      this.#failed = nameCause(error);
      if (link.broken === undefined)
        this.#log.warn(
          { source: this.#options.id, reason: this.#failed },
          'the server could not be asked what it offers',
        );
      return false;
    }
  }

  /**
   * The nodes of the wiring on the server of this link. What a model found, and nodes whose unit is the server's, have no
   * node id before that server was asked: an update may have made them others.
   */
  nodesOn(link: OpcuaLink): FeedNode[] {
    const knows = this.#knows(link);
    const known = knows && this.#foundHere;
    return [
      ...this.#wiring.measured.map((one) => ({ ...one, kind: 'measured' as const })),
      ...this.#wiring.statuses.map((one) => ({ ...one, kind: 'word' as const })),
    ].map(({ channel, from, deadband, words, kind }) => {
      const { id: key, point } = channel;
      const base = {
        key,
        point,
        kind,
        ...(deadband === undefined ? {} : { deadband }),
        ...(words === undefined ? {} : { words }),
        ...(channel.kind === 'status' && channel.status === 'timer' ? { isTimer: true as const } : {}),
      };
      if ('nodeId' in from) return { ...base, nodeId: known ? from.nodeId : undefined };
      if (!knows && this.#unitless.has(point)) return { ...base, nodeId: undefined };
      const nodeId = resolveNodeAddress(from.address, link.facts.namespaceUris);
      if (nodeId !== undefined) return { ...base, nodeId };
      return { ...base, nodeId, missing: 'the server has no such namespace' };
    });
  }

  /** One sentence each. */
  remarks(): string[] {
    const failed =
      this.#failed === undefined ? [] : [`The server could not be asked what it offers (${this.#failed}).`];
    const unsteady = this.#unsteady
      ? [
          `The server offered something else ${CHANGES_MAX} times within an hour: what it offers now is not taken in yet.`,
        ]
      : [];
    return [...failed, ...unsteady, ...this.#wiring.remarks];
  }

  #knows({ facts }: OpcuaLink): boolean {
    const known = this.#askedOf;
    if (known === undefined || known === facts) return known === facts;
    return (
      known.startedAtMs !== undefined &&
      known.startedAtMs === facts.startedAtMs &&
      known.namespaceUris.join('\n') === facts.namespaceUris.join('\n')
    );
  }

  async #readUnits(link: OpcuaLink): Promise<Map<string, string | undefined>> {
    const asked = nodesWithoutUnit(this.#options).flatMap((node) => {
      const address = parseNodeAddress(node);
      const nodeId =
        address === undefined ? undefined : resolveNodeAddress(address, link.facts.namespaceUris);
      return [{ node, nodeId }];
    });
    const there = asked.flatMap(({ nodeId }) => nodeId ?? []);
    const units = there.length === 0 ? [] : await this.#askers.readNodeUnits(link.session, there);
    let next = 0;
    return new Map(asked.map(({ node, nodeId }) => [node, nodeId === undefined ? undefined : units[next++]]));
  }

  #changedTooOften(): boolean {
    const [oldestMs = -Infinity] = this.#changedAtMs;
    return this.#changedAtMs.length >= CHANGES_MAX && this.#real.monotonicMs() - oldestMs < CHANGES_MS;
  }

  #noteChange(): void {
    this.#changedAtMs.push(this.#real.monotonicMs());
    if (this.#changedAtMs.length > CHANGES_MAX) this.#changedAtMs.shift();
  }
}

/** What of a wiring is sealed: node ids of this server are not. */
function tellingOf({ description, measured, statuses }: OpcuaWiring): string {
  return JSON.stringify([description, [...measured, ...statuses].map(({ channel }) => channel)]);
}
