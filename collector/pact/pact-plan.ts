import type { PeriodKind } from '../energy/calendar/period.ts';
import type { FootprintHead } from '../footprint/exports/pact/product-footprint.ts';
import type { RecordSubject } from '../reports/footprint/record-subject.ts';

/** What a partner's token lets it do: read footprints, and send events. */
export const PACT_SCOPES = ['read', 'events'] as const;
export type PactScope = (typeof PACT_SCOPES)[number];

/** Where a partner takes events, and how we prove who we are there. Addresses are those of the configuration, never of a message. */
export interface PartnerEvents {
  /** `https://oem.example.com/3/events` */
  url: string;
  /** `https://oem.example.com/auth/token` */
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  /** PEM text of the authority that signed its certificate; the system's without. */
  ca?: string | undefined;
}

/** Someone with whom footprints are exchanged. */
export interface PactPartner {
  /** Its client id here. */
  id: string;
  secret: string;
  /** Ids of products, in any case of letters; or everything. */
  sees: 'all' | readonly string[];
  scopes: readonly PactScope[];
  /** Null where it has told no address: it is then not told of news. */
  events: PartnerEvents | null;
}

/** Of what, and for which periods of the site's calendar, footprints are offered. */
export interface PublishedSubject {
  subject: RecordSubject;
  period: Extract<PeriodKind, 'month' | 'year'>;
  /** Periods that begin before are not offered, wall ms; null for all that are still valid. */
  sinceMs: number | null;
  /** Also what may still change because not all readings have arrived. */
  evenProvisional: boolean;
}

/** What a host of the PACT API is told. */
export interface PactPlan {
  /** Address at which partners reach it, without a slash at its end. */
  url: string;
  /** Whether the JSON Schema of our extension is served, and named by its address in footprints. */
  servesSchema: boolean;
  publish: readonly PublishedSubject[];
  partners: readonly PactPartner[];
}

/** Path at which the JSON Schema of the record is served. */
export const SCHEMA_PATH = '/schemas/footprint-record-1.json';

/** Whether a partner may see a footprint. */
export function isGrantedTo({ sees }: Pick<PactPartner, 'sees'>, { productIds }: FootprintHead): boolean {
  if (sees === 'all') return true;
  const wanted = new Set(sees.map((id) => id.toLowerCase()));
  return productIds.some((id) => wanted.has(id.toLowerCase()));
}
