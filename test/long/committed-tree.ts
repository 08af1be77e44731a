import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The files of one commit in a folder of their own: a long run tries what is committed, whatever is being edited. */
export interface CommittedTree {
  folder: string;
  commit: string;
  /** Whether the commit has this file or folder. */
  has(path: string): boolean;
  /** Names what these folders hold: the same as long as nothing in them changes. */
  codeOf(paths: readonly string[]): string;
  remove(): void;
}

/** Writes the files of a commit below the system's temporary folder; packages are those of the repository. */
export function writeCommittedTree(repository: string, revision = 'HEAD'): CommittedTree {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim();
  const commit = git('rev-parse', `${revision}^{commit}`);
  const folder = mkdtempSync(join(tmpdir(), 'millwatt-long-'));
  const archive = join(folder, 'tree.tar');
  git('archive', '-o', archive, commit);
  execFileSync('tar', ['-xf', archive, '-C', folder]);
  rmSync(archive);
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  return {
    folder,
    commit,
    has: (path) => existsSync(join(folder, path)),
    codeOf: (paths) =>
      createHash('sha256')
        .update(paths.map((path) => git('rev-parse', `${commit}:${path}`)).join(' '))
        .digest('hex')
        .slice(0, 12),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
