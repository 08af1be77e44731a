/*
 * Units as servers name them. EUInformation carries the common code of UNECE Recommendation 20, its letters read as a
 * big-endian number ("WTT" = 0x575454 = 5723220), and a text for people.
 */

/** Namespace of the common codes; other numbers mean something else. */
const UNECE_URI = 'http://www.opcfoundation.org/UA/units/un/cefact';

/** Common code -> key of UNITS. */
const BY_CODE: Readonly<Record<string, string>> = {
  WTT: 'W',
  KWT: 'kW',
  MAW: 'MW',
  C31: 'mW',
  D46: 'VA',
  KVA: 'kVA',
  D44: 'var',
  KVR: 'kvar',
  WHR: 'Wh',
  KWH: 'kWh',
  MWH: 'MWh',
  J55: 'Ws',
  JOU: 'J',
  KJO: 'kJ',
  '3B': 'MJ',
  K3: 'kvarh',
  C79: 'kVAh',
  VLT: 'V',
  KVT: 'kV',
  AMP: 'A',
  '4K': 'mA',
  HTZ: 'Hz',
  C62: '1',
  P1: '%',
  RPM: '1/min',
  C94: '1/min',
  NU: 'Nm',
  CEL: 'degC',
};

/** Texts as servers write them, without blanks and dots between factors -> key of UNITS. */
const BY_TEXT: Readonly<Record<string, string>> = {
  W: 'W',
  Watt: 'W',
  watt: 'W',
  kW: 'kW',
  KW: 'kW',
  MW: 'MW',
  mW: 'mW',
  VA: 'VA',
  kVA: 'kVA',
  KVA: 'kVA',
  var: 'var',
  VAr: 'var',
  VAR: 'var',
  kvar: 'kvar',
  kVAr: 'kvar',
  kVAR: 'kvar',
  Wh: 'Wh',
  kWh: 'kWh',
  KWh: 'kWh',
  KWH: 'kWh',
  MWh: 'MWh',
  Ws: 'Ws',
  J: 'J',
  kJ: 'kJ',
  MJ: 'MJ',
  varh: 'varh',
  VArh: 'varh',
  VARh: 'varh',
  kvarh: 'kvarh',
  kVArh: 'kvarh',
  kVARh: 'kvarh',
  VAh: 'VAh',
  kVAh: 'kVAh',
  V: 'V',
  kV: 'kV',
  A: 'A',
  mA: 'mA',
  Hz: 'Hz',
  '1': '1',
  '%': '%',
  percent: '%',
  '1/min': '1/min',
  'r/min': '1/min',
  'rev/min': '1/min',
  'U/min': '1/min',
  rpm: '1/min',
  RPM: '1/min',
  'min-1': '1/min',
  'min^-1': '1/min',
  'min⁻¹': '1/min',
  Nm: 'Nm',
  '°C': 'degC',
  degC: 'degC',
};

/** What we need of a server's EUInformation. */
export interface ServerUnit {
  namespaceUri?: string | null;
  unitId?: number;
  displayName?: { text?: string | null } | null;
}

/**
 * The key of UNITS that a server means; undefined where it names none, one that we do not know, or two that differ: a
 * code for W beside the text kW may be either.
 */
export function unitOf({ namespaceUri, unitId, displayName }: ServerUnit): string | undefined {
  const isUnece = namespaceUri === undefined || namespaceUri === null || namespaceUri === UNECE_URI;
  const code = isUnece && unitId !== undefined && unitId > 0 ? codeOf(unitId) : '';
  const text = (displayName?.text ?? '').replace(/[\s·⋅*]/g, '');
  const byCode = ownEntry(BY_CODE, code);
  const byText = ownEntry(BY_TEXT, text);
  return byCode !== undefined && byText !== undefined && byCode !== byText ? undefined : (byCode ?? byText);
}

/** True for a value that can be a unit of a server. */
export function isServerUnit(value: unknown): value is ServerUnit {
  return typeof value === 'object' && value !== null && 'unitId' in value && 'displayName' in value;
}

/** The unit as people read it, for remarks; empty where the server says nothing. */
export function nameServerUnit({ unitId, displayName }: ServerUnit): string {
  const text = displayName?.text ?? '';
  if (text !== '') return text;
  return unitId !== undefined && unitId > 0 ? codeOf(unitId) : '';
}

function codeOf(unitId: number): string {
  const bytes = [24, 16, 8, 0].map((shift) => (unitId >>> shift) & 0xff).filter((byte) => byte > 0);
  return String.fromCharCode(...bytes);
}

function ownEntry(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
