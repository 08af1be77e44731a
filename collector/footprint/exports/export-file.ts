/** One file that an export is made of. */
export interface ExportFile {
  /** Relative, `/` between folders, plain ASCII. */
  path: string;
  /** Text is written as UTF-8. */
  content: string | Uint8Array;
}
