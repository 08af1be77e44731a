import type { SeededRandom } from '../../../protocols/simulator/seeded-random.ts';
import type { DataDiskCall, DiskCall, NameDiskCall } from './recorded-calls.ts';

/** What a computer finds on its disk after the power went: files by path; folders end with a slash and are empty. */
export type DiskState = ReadonlyMap<string, Buffer>;

/** How much of a call reached the disk. */
type Share = 'none' | 'half' | 'all';

/** A file by what it is, whatever its name. */
interface Inode {
  bytes: Buffer;
  /** Of the writes that are not certain yet. */
  pending: DataCall[];
}

type DataCall = { call: DataDiskCall; inode: Inode };
type NameCall = { call: NameDiskCall; inode?: Inode };
type Pending = DataCall | NameCall;

/** Of many uncertain calls so many are tried one by one, and so many subsets. */
const SINGLES = 3;
const SUBSETS = 5;
/** So many uncertain calls are tried in all their combinations. */
const ALL_COMBINATIONS_MAX = 3;

/**
 * A disk between two certainties: what was written to a file is certain after an fsync of the file; names, after one of
 * their folder. Until then each call may have reached the disk, half or not at all, whatever came after it.
 */
export class CrashableDisk {
  /** Names as they are for certain. */
  #certain = new Map<string, Inode>();
  #names: NameCall[] = [];
  /** Names as the process sees them. */
  readonly #seen = new Map<string, Inode>();
  readonly #folders = new Set<string>();
  #order: Pending[] = [];
  readonly #root: string;

  /** @param files that are on it from the beginning */
  constructor(root: string, files: ReadonlyMap<string, Buffer>) {
    this.#root = root;
    for (const [path, bytes] of files) {
      const inode: Inode = { bytes, pending: [] };
      this.#certain.set(path, inode);
      this.#seen.set(path, inode);
    }
  }

  /** Calls that have not certainly reached it. */
  get uncertain(): number {
    return this.#order.length;
  }

  /** A call was made; true when it left something uncertain. */
  apply(call: DiskCall): boolean {
    switch (call.kind) {
      case 'write':
      case 'truncate':
      case 'cut': {
        const inode = this.#seen.get(call.path);
        if (inode === undefined) throw new Error(`${call.kind} of ${call.path}, which was never made`);
        const entry: DataCall = { call, inode };
        inode.pending.push(entry);
        this.#order.push(entry);
        return true;
      }
      case 'create':
      case 'mkdir':
      case 'unlink':
      case 'rename':
        this.#applyName(call);
        return true;
      case 'sync':
        this.#sync(call.path);
        return false;
      case 'mark':
        return false;
    }
  }

  /** States after a crash right now in which the last call reached the disk at least half; those before had their turn. */
  *states(random: SeededRandom): Generator<DiskState> {
    const count = this.#order.length;
    const last = count - 1;
    const fill = (share: Share): Share[] => Array.from({ length: count }, () => share);
    for (const end of ['half', 'all'] as const) {
      const make = (shares: Share[]): DiskState => {
        shares[last] = end;
        return this.#stateOf(shares);
      };
      if (count <= ALL_COMBINATIONS_MAX) {
        for (let number = 0; number < 3 ** last; number++)
          yield make(fill('none').map((_, at) => shareOf(Math.floor(number / 3 ** at) % 3)));
        continue;
      }
      yield make(fill('all'));
      yield make(fill('none'));
      yield make(fill('half'));
      // All but one, one alone, and all up to one.
      for (let single = 0; single < SINGLES; single++) {
        const at = random.whole(0, last - 1);
        yield make(fill('all').with(at, random.chance(0.5) ? 'none' : 'half'));
        yield make(fill('none').with(at, 'all'));
        yield make(fill('none').fill('all', 0, at));
      }
      for (let subset = 0; subset < SUBSETS; subset++)
        yield make(fill('none').map(() => shareOf(random.whole(0, 2))));
    }
  }

  #applyName(call: NameDiskCall): void {
    const entry: NameCall = { call };
    if (call.kind === 'create') {
      entry.inode = { bytes: Buffer.alloc(0), pending: [] };
      this.#seen.set(call.path, entry.inode);
    } else if (call.kind === 'rename') {
      const inode = this.#seen.get(call.path);
      this.#seen.delete(call.path);
      if (inode !== undefined) this.#seen.set(call.to, inode);
    } else if (call.kind === 'unlink') this.#seen.delete(call.path);
    this.#names.push(entry);
    this.#order.push(entry);
  }

  #sync(path: string): void {
    if (
      path === this.#root ||
      this.#folders.has(path) ||
      this.#names.some(({ call }) => call.kind === 'mkdir' && call.path === path)
    ) {
      const settled = new Set<Pending>(this.#names.filter(({ call }) => foldersOf(call).includes(path)));
      this.#rename(this.#certain, [...settled] as NameCall[], () => true);
      for (const entry of settled)
        if ('call' in entry && entry.call.kind === 'mkdir') this.#folders.add(entry.call.path);
      this.#names = this.#names.filter((entry) => !settled.has(entry));
      this.#order = this.#order.filter((entry) => !settled.has(entry));
      return;
    }
    const inode = this.#seen.get(path);
    if (inode === undefined) return;
    const settled = new Set<Pending>(inode.pending);
    inode.bytes = contentOf(inode, () => 'all');
    inode.pending = [];
    this.#order = this.#order.filter((entry) => !settled.has(entry));
  }

  #stateOf(shares: readonly Share[]): DiskState {
    const share = new Map<Pending, Share>(this.#order.map((entry, at) => [entry, shares[at] ?? 'none']));
    const names = new Map(this.#certain);
    // A name is there or not.
    this.#rename(names, this.#names, (entry) => share.get(entry) !== 'none');
    const state = new Map<string, Buffer>();
    for (const folder of this.#folders) state.set(`${folder}/`, Buffer.alloc(0));
    for (const entry of this.#names)
      if (entry.call.kind === 'mkdir' && share.get(entry) !== 'none')
        state.set(`${entry.call.path}/`, Buffer.alloc(0));
    for (const [path, inode] of names)
      state.set(
        path,
        contentOf(inode, (entry) => share.get(entry) ?? 'none'),
      );
    return state;
  }

  #rename(
    names: Map<string, Inode>,
    calls: readonly NameCall[],
    happened: (entry: NameCall) => boolean,
  ): void {
    for (const entry of calls) {
      if (!happened(entry)) continue;
      const { call, inode } = entry;
      if (call.kind === 'create' && inode !== undefined) names.set(call.path, inode);
      if (call.kind === 'unlink') names.delete(call.path);
      if (call.kind !== 'rename') continue;
      const moved = names.get(call.path);
      if (moved === undefined) continue;
      names.delete(call.path);
      names.set(call.to, moved);
    }
  }
}

function foldersOf(call: NameDiskCall): string[] {
  const paths = call.kind === 'rename' ? [call.path, call.to] : [call.path];
  return paths.map((path) => path.slice(0, path.lastIndexOf('/')));
}

function shareOf(number: number): Share {
  return number === 0 ? 'none' : number === 1 ? 'half' : 'all';
}

function contentOf({ bytes, pending }: Inode, shareOfCall: (entry: DataCall) => Share): Buffer {
  const calls = pending.flatMap((entry) => {
    const share = shareOfCall(entry);
    return share === 'none' ? [] : [{ call: entry.call, share }];
  });
  if (calls.length === 0) return bytes;
  // Room for all of it at once: what grows write by write is copied each time.
  const room = Math.max(
    bytes.length,
    ...calls.map(({ call }) =>
      call.kind === 'write' ? call.at + call.bytes.length : call.kind === 'truncate' ? call.length : 0,
    ),
  );
  const content = Buffer.alloc(room);
  bytes.copy(content);
  let { length } = bytes;
  for (const { call, share } of calls) {
    if (call.kind !== 'write') {
      const cut = call.kind === 'cut' ? 0 : call.length;
      content.fill(0, Math.min(cut, length), length);
      length = cut;
      continue;
    }
    const written = share === 'half' ? Math.ceil(call.bytes.length / 2) : call.bytes.length;
    call.bytes.copy(content, call.at, 0, written);
    length = Math.max(length, call.at + written);
  }
  return content.subarray(0, length);
}
