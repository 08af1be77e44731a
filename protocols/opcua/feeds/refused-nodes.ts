import type { Clock } from '../../clock.ts';

/** A node the server will not give, and when it is asked for again. */
interface RefusedNode {
  point: string;
  reason: string;
  pauseMs: number;
  askAtMs: number;
}

/** First pause before a refused node is asked for again, and the longest. */
const PAUSE_MS_MIN = 30_000;
const PAUSE_MS_MAX = 3_600_000;
const NAMED_MAX = 3;

/** Statuses that speak of the node itself: it is not there, or not for us. Others may be over with the next value. */
const REFUSALS = new Set([
  'BadNodeIdUnknown',
  'BadNodeIdInvalid',
  'BadAttributeIdInvalid',
  'BadNotReadable',
  'BadUserAccessDenied',
  'BadIndexRangeInvalid',
  'BadDataEncodingInvalid',
  'BadDataEncodingUnsupported',
  'BadSecurityModeInsufficient',
]);

/** True for a status after which asking for the node each time is of no use. */
export function isRefusal(status: string): boolean {
  return REFUSALS.has(status);
}

/**
 * Nodes that cannot be had. Each is told once, left out of what is asked of the others, and asked for again by itself
 * with growing pauses. Outlives connections, so that a node is not told anew with every one.
 */
export class RefusedNodes {
  readonly #nodes = new Map<string, RefusedNode>();
  readonly #real: Pick<Clock, 'monotonicMs'>;
  readonly #tell: (point: string, reason: string | undefined) => void;

  /** @param tell told once a node with the reason, and once more without when it is back */
  constructor(real: Pick<Clock, 'monotonicMs'>, tell: (point: string, reason: string | undefined) => void) {
    this.#real = real;
    this.#tell = tell;
  }

  isRefused(key: string): boolean {
    return this.#nodes.has(key);
  }

  /** Whether it is time to ask for a refused node again. */
  isDue(key: string): boolean {
    const node = this.#nodes.get(key);
    return node !== undefined && this.#real.monotonicMs() >= node.askAtMs;
  }

  /** The server would not give the node; told when it is news. True when it was given until now. */
  refuse(key: string, point: string, reason: string): boolean {
    const before = this.#nodes.get(key);
    if (before === undefined || this.isDue(key)) {
      const pauseMs = before === undefined ? PAUSE_MS_MIN : Math.min(PAUSE_MS_MAX, 2 * before.pauseMs);
      this.#nodes.set(key, { point, reason, pauseMs, askAtMs: this.#real.monotonicMs() + pauseMs });
      // Refused twice on one occasion, by the read and by the subscription, is refused once.
    } else this.#nodes.set(key, { ...before, reason });
    if (before?.reason !== reason) this.#tell(point, reason);
    return before === undefined;
  }

  /** It could not even be asked for: as before, and later again. */
  postpone(key: string): void {
    const node = this.#nodes.get(key);
    if (node !== undefined) this.refuse(key, node.point, node.reason);
  }

  /** The server gave the node. */
  accept(key: string): void {
    const node = this.#nodes.get(key);
    if (node === undefined) return;
    this.#nodes.delete(key);
    this.#tell(node.point, undefined);
  }

  /** Over a new connection every node may be asked for at once. */
  askAllAgain(): void {
    for (const [key, node] of this.#nodes)
      this.#nodes.set(key, { ...node, pauseMs: PAUSE_MS_MIN / 2, askAtMs: -Infinity });
  }

  /** Forgets nodes that are not wired any more. */
  keepOnly(keys: ReadonlySet<string>): void {
    for (const key of this.#nodes.keys()) if (!keys.has(key)) this.#nodes.delete(key);
  }

  /** One sentence, or none. */
  remarks(): string[] {
    const nodes = [...this.#nodes.values()];
    if (nodes.length === 0) return [];
    const named = nodes.slice(0, NAMED_MAX).map(({ point, reason }) => `${point} (${reason})`);
    const more = nodes.length > NAMED_MAX ? ` and ${nodes.length - NAMED_MAX} more` : '';
    const what = nodes.length === 1 ? '1 node cannot be read' : `${nodes.length} nodes cannot be read`;
    return [`${what}: ${named.join(', ')}${more}; asked for again within the hour at the latest.`];
  }
}
