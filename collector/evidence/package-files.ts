import { MillwattError } from '../../protocols/errors.ts';
import { sha256 } from '../../protocols/evidence/keys.ts';
import { decodeUtf8 } from '../../protocols/telemetry/utf8.ts';
import { canonicalText } from '../footprint/record/canonical-text.ts';
import { unpackZip, type PackageBytes } from './canonical-zip.ts';

/** Every file but those of records is read at once; none that millwatt writes is larger than a few MB but hours and roots of years. */
const TEXT_BYTES_MAX = 16 * 1024 * 1024;
const LONG_BYTES_MAX = 64 * 1024 * 1024;
const LONG: ReadonlySet<string> = new Set(['amendments.jsonl', 'hours.jsonl', 'roots.json']);
/** Brackets and commas of one text: what is small as text may be a thousand times as large when it is read. */
const MARKS_MAX = 2_000_000;
/** All of them together. */
const TEXTS_BYTES_MAX = 256 * 1024 * 1024;
/** The records of one file, and the last one, which may reach over it. */
export const RAW_BYTES_MAX = 8 * 1024 * 1024;
const LOCAL_HEAD_BYTES = 30;

/** Which files a package may have. */
const PLACES =
  /^(amendments\.jsonl|chains\.json|factors\.json|hours\.jsonl|manifest\.json|meters\.json|model\.json|prov\.jsonld|raw\/\d{6}\.mwe|records\/\d{4}\.json|roots\.json|stamps\/\d{6}\.tsr|statement\.dsse\.json)$/;

/** True for a file of records. */
export function isRaw(path: string): boolean {
  return path.startsWith('raw/');
}

/** The files of a package: texts in memory, records where they are. */
export class PackageFiles {
  /** In order. */
  readonly list: { path: string; bytes: number; sha256: string }[] = [];
  readonly #from: PackageBytes;
  readonly #texts = new Map<string, Uint8Array>();
  readonly #rawAt = new Map<string, number>();

  readonly #parsed: { text: string; value: unknown } | undefined;

  private constructor(from: PackageBytes, parsed: { text: string; value: unknown } | undefined) {
    this.#from = from;
    this.#parsed = parsed;
  }

  /**
   * Reads the whole container once; yields the share that is read, 0..1, after each file. Throws an error of class `refuse` (code
   * `bad-package`) that names the byte where it is none.
   *
   * @param parsed a text that was parsed before, which need not be again: the manifest
   */
  static *open(
    from: PackageBytes,
    parsed?: { text: string; value: unknown },
  ): Generator<number, PackageFiles> {
    const files = new PackageFiles(from, parsed);
    let textBytes = 0;
    let offset = 0;
    for (const { path, bytes } of unpackZip(from, limitOf)) {
      offset += LOCAL_HEAD_BYTES + path.length;
      if (isRaw(path)) files.#rawAt.set(path, offset);
      else {
        textBytes += bytes.length;
        if (textBytes > TEXTS_BYTES_MAX)
          throw refuse(path, 'is one too many: the files come to more than 256 MiB');
        files.#texts.set(path, bytes);
      }
      files.list.push({ path, bytes: bytes.length, sha256: sha256(bytes) });
      offset += bytes.length;
      yield offset / from.size;
    }
    return files;
  }

  /** The bytes of a file; throws an error of class `refuse` where there is none. */
  bytes(path: string): Uint8Array {
    const bytes = this.#texts.get(path);
    if (bytes === undefined) throw refuse(path, 'is not in the package');
    return bytes;
  }

  /** `length` bytes of a file of records, from `offset` on. */
  raw(path: string, offset: number, length: number): Uint8Array {
    return this.#from.read((this.#rawAt.get(path) ?? 0) + offset, length);
  }

  /** The value of a JSON file that is written as RFC 8785 says; throws an error of class `refuse` on another. */
  json(path: string): unknown {
    const text = textOf(path, this.bytes(path));
    return canonicalValue(path, text, text === this.#parsed?.text ? this.#parsed : undefined);
  }

  /** The values of a file with one canonical JSON text a line, each ended; throws as `json`. */
  *lines(path: string): Generator {
    const text = textOf(path, this.bytes(path));
    if (text !== '' && !text.endsWith('\n')) throw refuse(path, 'does not end with the end of a line');
    let at = 0;
    for (let line = 1; at < text.length; line++) {
      const end = text.indexOf('\n', at);
      yield canonicalValue(`${path}, line ${line}`, text.slice(at, end));
      at = end + 1;
    }
  }
}

function limitOf(path: string): number {
  if (!PLACES.test(path)) throw refuse(path, 'is no file of a package');
  if (isRaw(path)) return RAW_BYTES_MAX;
  return LONG.has(path) ? LONG_BYTES_MAX : TEXT_BYTES_MAX;
}

/** True for a text with more objects, lists and items than any that millwatt writes. */
export function isCrowded(text: string): boolean {
  let marks = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if ((code === COMMA || code === BRACKET || code === BRACE) && ++marks > MARKS_MAX) return true;
  }
  return false;
}

const [COMMA, BRACKET, BRACE] = [0x2c, 0x5b, 0x7b];

function textOf(path: string, bytes: Uint8Array): string {
  try {
    return decodeUtf8(bytes);
  } catch {
    throw refuse(path, 'is not UTF-8');
  }
}

function canonicalValue(place: string, text: string, parsed?: { value: unknown }): unknown {
  if (isCrowded(text)) throw refuse(place, `has more than ${MARKS_MAX} brackets and commas`);
  let isSame: boolean;
  let value: unknown;
  try {
    value = parsed === undefined ? JSON.parse(text) : parsed.value;
    isSame = canonicalText(value) === text;
  } catch {
    throw refuse(place, 'is not JSON that can be read');
  }
  if (!isSame) throw refuse(place, 'is not written in the one form that counts (RFC 8785)');
  return value;
}

function refuse(place: string, what: string): MillwattError {
  return new MillwattError('refuse', 'bad-package', `${place} ${what}.`, {
    cure: 'Ask whoever made the package for it again, and compare its SHA-256.',
  });
}
