import { isCount, isDigest, isId, isLevelId, isToken } from '../../protocols/telemetry/ids.ts';

/** What a package is of, and every file of it. */
export interface Manifest {
  format: 'millwatt-evidence';
  v: 1;
  site: string;
  machine: string;
  /** Hours that begin in [fromMs, toMs), wall ms, whole hours. */
  fromMs: number;
  toMs: number;
  /** When it was made, by the collector's clock, wall ms. */
  madeMs: number;
  software: { name: string; version: string };
  /** The derivation that made the hours, such as `millwatt-energy/5`. */
  algorithm: string;
  /** The collector's public key, base64url. */
  collector: string;
  /** All but manifest.json and statement.dsse.json, in order. SHA-256 in base64url. */
  files: { path: string; bytes: number; sha256: string }[];
}

/** What a collector says of a key, its revocation apart. */
const PACKED_STANDINGS = ['seen', 'confirmed', 'rotated', 'other'] as const;

/** One chain of an agent that served the machine, as far as the collector had it. */
export interface PackedChain {
  agent: string;
  epoch: string;
  /** The agent's public key, base64url. */
  key: string;
  /** How far the collector trusts it: the first that the agent used, confirmed by a person, named by an earlier key, or none of these. */
  standing: (typeof PACKED_STANDINGS)[number];
  /** Since when a person does not trust it any more, wall ms: what was taken in from then on is no evidence. */
  revokedMs?: number;
  /** Its last record: sequence number and header hash. */
  lastSeq: number;
  lastHash: string;
}

const HOUR_MS = 3_600_000;
const FILES_MAX = 65_000;
/** The year 2200: hours beyond are nobody's. */
const MS_MAX = 7_258_118_400_000;

/** True for a manifest of version 1, whatever it says. */
export function isManifest(value: unknown): value is Manifest {
  if (!isObject(value)) return false;
  const { software, files } = value;
  return (
    value['format'] === 'millwatt-evidence' &&
    value['v'] === 1 &&
    isId(value['site']) &&
    isLevelId(value['machine']) &&
    isHour(value['fromMs']) &&
    isHour(value['toMs']) &&
    value['fromMs'] < value['toMs'] &&
    isCount(value['madeMs']) &&
    value['madeMs'] < MS_MAX &&
    isObject(software) &&
    isShort(software['name']) &&
    isShort(software['version']) &&
    isShort(value['algorithm']) &&
    isDigest(value['collector']) &&
    Array.isArray(files) &&
    files.length <= FILES_MAX &&
    files.every(
      (file) => isObject(file) && isShort(file['path']) && isCount(file['bytes']) && isDigest(file['sha256']),
    )
  );
}

/** True for one entry of chains.json. */
export function isPackedChain(value: unknown): value is PackedChain {
  return (
    isObject(value) &&
    isId(value['agent']) &&
    isToken(value['epoch']) &&
    isDigest(value['key']) &&
    PACKED_STANDINGS.some((standing) => standing === value['standing']) &&
    (value['revokedMs'] === undefined || isCount(value['revokedMs'])) &&
    isCount(value['lastSeq']) &&
    value['lastSeq'] > 0 &&
    isDigest(value['lastHash'])
  );
}

/** True for what is neither a list nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHour(value: unknown): value is number {
  return isCount(value) && value % HOUR_MS === 0 && value < MS_MAX;
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= 300;
}
