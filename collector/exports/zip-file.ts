import type { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import type { ExportFile } from '../footprint/exports/export-file.ts';

/** The earliest time that a zip can hold: the same files give the same bytes, whenever they are packed. */
const NO_TIME = new Date(1980, 0, 1);

/** A zip of the files in their order, as a stream of bytes; at most one file is in memory compressed. */
export function zipOf(files: Iterable<ExportFile>): Readable {
  const zip = new ZipFile();
  for (const { path, content } of files)
    zip.addBuffer(typeof content === 'string' ? Buffer.from(content) : Buffer.from(content), path, {
      mtime: NO_TIME,
      forceDosTimestamp: true,
      mode: 0o100644,
    });
  zip.end();
  return zip.outputStream as Readable;
}
