import type { HourBasis } from '../../energy/use-phase/hour-basis.ts';
import type { EmissionFactor } from '../../footprint/factors/emission-factor.ts';
import type { HourlyValues } from '../../footprint/factors/factor-rows.ts';
import type { DecimalText } from '../../footprint/figures/decimal.ts';
import type { Issuer, UpstreamPart } from '../../footprint/record/footprint-record.ts';

/** What is told of anything that has a footprint. */
export interface ToldProduct {
  name: string;
  description: string;
  /** `urn:...`, at least one. */
  productIds: string[];
  classifications: string[];
  /** What is left out within the boundary, by decision, with its share of the emissions, %; null for nothing. */
  cutOff: { percent: DecimalText; leaves: string } | null;
}

/** A contract or on-site generation as a site lists it; days are on its clocks, `toDay` the one after the last. */
export interface ToldSupply {
  name: string;
  /** Id of its row. */
  factor: string;
  fromDay: string;
  toDay: string;
  part: { kind: 'share'; percent: DecimalText } | { kind: 'amount'; kwh: DecimalText; siteKwh: DecimalText };
}

/** What a site declares for its footprints, with the factors it may use: plain data. */
export interface FootprintPlan {
  issuer: Issuer;
  /** Whose factor is taken where the country has none. */
  elsewhere: 'WORLD' | 'EU' | null;
  lossPercent: DecimalText | null;
  hours: HourBasis;
  /** Every row there is, shipped ones included. */
  rows: readonly EmissionFactor[];
  hourly: readonly HourlyValues[];
  /** Names of the site's own tables. */
  ownTables: readonly string[];
  supplies: readonly ToldSupply[];
  machines: Readonly<Record<string, ToldProduct & { parameters: Record<string, DecimalText | string> }>>;
  lines: Readonly<Record<string, ToldProduct & { machines: readonly string[] }>>;
  /** Machines that are samples of one model; parameters are those told of it, and those that all its machines share. */
  models: Readonly<
    Record<
      string,
      ToldProduct & { machines: readonly string[]; parameters: Record<string, DecimalText | string> }
    >
  >;
  parts: Readonly<
    Record<
      string,
      ToldProduct & {
        /** Its steps in order; empty where nobody told them. */
        machines: readonly string[];
        /** Where its good parts are counted; null for the last step. */
        countedAt: string | null;
        massKg: DecimalText | null;
        fossilCarbonKg: DecimalText | null;
        upstream: UpstreamPart[];
      }
    >
  >;
  /** The product of a name that nobody told anything of. */
  productOf: (kind: string, id: string) => ToldProduct;
  /** SHA-256 of all that is declared of the site, its plan for reports included, base64url. */
  hash: string;
}

/** What a record needs besides what was measured and declared. */
export interface RecordPorts {
  /** UUID version 5 of a name. */
  uuidOf: (name: string) => string;
  /** Wall ms of the making of this issue. */
  issuedMs: number;
  /** 1, 2, ...: the how-manieth issue of the same record. */
  issue: number;
}
