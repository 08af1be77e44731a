import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';

/** One call that changes what a disk holds, or makes it certain; or the moment at which something had been acknowledged. */
export type DiskCall =
  | DataDiskCall
  | NameDiskCall
  | { kind: 'sync'; path: string }
  | { kind: 'mark'; number: number };

/** A call that changes what a file holds. */
export type DataDiskCall =
  | { kind: 'write'; path: string; at: number; bytes: Buffer }
  | { kind: 'truncate'; path: string; length: number }
  | { kind: 'cut'; path: string };

/** A call that changes what there is in a folder. */
export type NameDiskCall =
  | { kind: 'create'; path: string }
  | { kind: 'unlink'; path: string }
  | { kind: 'mkdir'; path: string }
  | { kind: 'rename'; path: string; to: string };

const CALLS =
  'openat,creat,write,pwrite64,writev,pwritev,ftruncate,truncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,access,faccessat,faccessat2,link,linkat,copy_file_range,sendfile,fallocate';
const MARK = '/.millwatt-mark/';

/** Runs a script under strace; gives the calls its main thread made on files below the folder, in order; `before` are there already. */
export function recordCalls(args: readonly string[], folder: string, before: readonly string[]): DiskCall[] {
  const trace = `${folder}.trace`;
  const run = spawnSync(
    'strace',
    ['-y', '-xx', '-s', '10000000', '-e', `trace=${CALLS}`, '-o', trace, process.execPath, ...args],
    { encoding: 'utf8' },
  );
  if (run.status !== 0) throw new Error(`strace ${String(run.error ?? run.stderr)}`);
  const calls = parseTrace(readFileSync(trace, 'latin1'), folder, before);
  rmSync(trace);
  return calls;
}

function parseTrace(text: string, folder: string, before: readonly string[]): DiskCall[] {
  const calls: DiskCall[] = [];
  const known = new Set(before);
  const offsets = new Map<string, number>();
  for (const line of text.split('\n')) {
    const match = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(line);
    if (match === null) continue;
    const [, name = '', rest = '', result = ''] = match;
    const strings = [...rest.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => unhex(hex));
    const words = strings.map((bytes) => bytes.toString('utf8'));
    const marked = words.find((word) => word.startsWith(MARK));
    if (marked !== undefined) {
      calls.push({ kind: 'mark', number: Number(marked.slice(MARK.length)) });
      continue;
    }
    if (Number(result) < 0) continue;
    const [, fd = '', hexPath = ''] = /^(\d+)<([^>]*)>/.exec(rest) ?? [];
    const path = words[0]?.startsWith('/') === true && fd === '' ? words[0] : unescapePath(hexPath);
    // Shared memory is no disk: the index of a log is made anew.
    if ((path !== folder && !path.startsWith(`${folder}/`)) || path.endsWith('-shm')) continue;
    const numbers = rest
      .replaceAll(/"[^"]*"/g, '')
      .split(',')
      .map((part) => Number(part.trim()));
    if (name === 'openat') {
      offsets.set(result, 0);
      if (rest.includes('O_CREAT') && !known.has(path)) calls.push({ kind: 'create', path });
      if (rest.includes('O_TRUNC') && known.has(path)) calls.push({ kind: 'cut', path });
      if (rest.includes('O_CREAT')) known.add(path);
    } else if (name === 'pwrite64' || name === 'write') {
      const bytes = (strings[0] ?? Buffer.alloc(0)).subarray(0, Number(result));
      const at = name === 'write' ? (offsets.get(fd) ?? 0) : (numbers.at(-1) ?? 0);
      if (name === 'write') offsets.set(fd, at + bytes.length);
      calls.push({ kind: 'write', path, at, bytes });
    } else if (name === 'ftruncate') calls.push({ kind: 'truncate', path, length: numbers.at(-1) ?? 0 });
    else if (name === 'fsync' || name === 'fdatasync') calls.push({ kind: 'sync', path });
    else if (name === 'rename') {
      const to = words[1] ?? '';
      calls.push({ kind: 'rename', path, to });
      known.delete(path);
      known.add(to);
    } else if (name === 'unlink' || name === 'unlinkat') {
      calls.push({ kind: 'unlink', path });
      known.delete(path);
    } else if (name === 'mkdir') calls.push({ kind: 'mkdir', path });
    else if (name !== 'access' && !name.startsWith('faccessat'))
      throw new Error(`not understood: ${line.slice(0, 200)}`);
  }
  return calls;
}

function unhex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
}

function unescapePath(path: string): string {
  return path.includes('\\x') ? unhex(path).toString('utf8') : path;
}
