/**
 * Who is served next: holders in turn, each holder's items in the order they came. A holder with many items waits for
 * its turn between any two of them, so that nobody's long list holds up another's single request.
 */
export class LineTurns<Holder, Item> {
  /** Holders with something waiting, in the order of their turns. */
  readonly #waiting = new Map<Holder, Item[]>();

  add(holder: Holder, item: Item): void {
    const items = this.#waiting.get(holder);
    if (items === undefined) this.#waiting.set(holder, [item]);
    else items.push(item);
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** Whose turn it is; undefined when nobody waits. */
  nextHolder(): Holder | undefined {
    return this.#waiting.keys().next().value;
  }

  /** Takes the next item out; its holder goes to the end of the row. */
  take(): Item | undefined {
    const [next] = this.#waiting;
    if (next === undefined) return undefined;
    const [holder, items] = next;
    const item = items.shift();
    this.#waiting.delete(holder);
    if (items.length > 0) this.#waiting.set(holder, items);
    return item;
  }

  /** Takes out one item that is no longer wanted. */
  remove(holder: Holder, item: Item): void {
    const items = this.#waiting.get(holder) ?? [];
    const index = items.indexOf(item);
    if (index < 0) return;
    items.splice(index, 1);
    if (items.length === 0) this.#waiting.delete(holder);
  }

  /** Takes out all that a holder waits for. */
  removeAll(holder: Holder): Item[] {
    const items = this.#waiting.get(holder) ?? [];
    this.#waiting.delete(holder);
    return items;
  }
}
