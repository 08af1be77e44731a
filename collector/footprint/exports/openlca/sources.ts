import type { EmissionFactor } from '../../factors/emission-factor.ts';
import type { FootprintRecord } from '../../record/footprint-record.ts';
import { entity, FIRST_VERSION, versionOf, type RootEntity } from './entity.ts';

type UuidOf = (name: string) => string;

/** The company that answers for the record. */
export function companyActor({ issuer, issued }: FootprintRecord, uuidOf: UuidOf): RootEntity {
  const { name, ids, country, contact } = issuer.company;
  return entity('Actor', uuidOf(`openlca/actor/${ids[0] ?? name}`), {
    name,
    description: ids.join(', '),
    version: FIRST_VERSION,
    lastChange: issued,
    country,
    ...(contact === null ? {} : contact.includes('@') ? { email: contact } : { website: contact }),
  });
}

/** What the figures can be checked by: hashes and the collector's key. */
export function evidenceSource(record: FootprintRecord, processName: string, uuidOf: UuidOf): RootEntity {
  const { evidence, issuer, issued, version, id } = record;
  const { count, sha256 } = evidence.hours;
  return entity('Source', uuidOf(`openlca/evidence/${id}`), {
    name: `Evidence of ${processName}`,
    category: 'millwatt',
    version: versionOf(Number(version)),
    lastChange: issued,
    textReference: `Record ${id}, version ${version}. Machine-hours: ${count}, SHA-256 over their canonical texts ${sha256} (base64url). Collector ${issuer.collector}, public key ${issuer.key}. ${evidence.status}.`,
    year: Number(issued.slice(0, 4)),
  });
}

/** One source for each table that factors are from: a table's vintage never changes, so neither does this. */
export function factorSources(factors: readonly EmissionFactor[], uuidOf: UuidOf): RootEntity[] {
  const sources = factors.map(({ table, source, reference, licence, year }) =>
    entity('Source', uuidOf(`openlca/factors/${table}/${source}/${reference}/${year}`), {
      name: `Emission factors ${table} ${year}: ${source}`,
      category: 'millwatt',
      version: FIRST_VERSION,
      textReference: `${source}. ${reference}. Licence: ${licence}.`,
      ...(/^https?:/.test(reference) ? { url: reference } : {}),
      year,
    }),
  );
  return [...new Map(sources.map((source) => [source['@id'], source])).values()];
}

/** What a declared part is from. */
export function declarationSource(record: FootprintRecord, source: string, uuidOf: UuidOf): RootEntity {
  return entity('Source', uuidOf(nameInCompany(record, ['declaration', source])), {
    name: source,
    category: 'millwatt',
    version: FIRST_VERSION,
    textReference: source,
  });
}

/** A name that no other company's and no other site's package has: those of many suppliers meet in one database. */
export function nameInCompany({ issuer }: FootprintRecord, names: readonly string[]): string {
  return JSON.stringify(['openlca', issuer.company.ids[0] ?? issuer.company.name, issuer.site, ...names]);
}
