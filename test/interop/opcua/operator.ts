import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** Trusts every server that was refused, as an operator does who has compared the thumbprints. */
export async function trustRejected(pkiFolder: string): Promise<void> {
  for (const name of readdirSync(join(pkiFolder, 'rejected')))
    renameSync(join(pkiFolder, 'rejected', name), join(pkiFolder, 'trusted', 'certs', name));
}
