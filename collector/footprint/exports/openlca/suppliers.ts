import type { DecimalText } from '../../figures/decimal.ts';
import type { FootprintRecord } from '../../record/footprint-record.ts';
import type { DeclaredPart, Inventory } from '../inventory.ts';
import {
  declaredPedigree,
  factorPedigree,
  meteredPedigree,
  pedigreeText,
  type Pedigree,
} from '../pedigree.ts';
import { supplyWords, uncertaintyWords, upstreamWords } from '../record-words.ts';
import { declaredDocumentation, electricityDocumentation } from './documentation.ts';
import { entity, refTo, versionOf, type RootEntity } from './entity.ts';
import { exchangesOf, type ExchangeFacts } from './exchanges.ts';
import { GLOBAL, locationOf } from './locations.ts';
import { CO2_FROM_AIR, CO2_TO_AIR, ENERGY, ITEMS, MASS, productFlow } from './reference-data.ts';
import { declarationSource, factorSources, nameInCompany } from './sources.ts';

/** What every data set of a record's package is made with. */
export interface Frame {
  record: FootprintRecord;
  inventory: Inventory;
  uuidOf: (name: string) => string;
  company: RootEntity;
  evidence: RootEntity;
  /** Where the electricity was drawn. */
  place: RootEntity;
  /** The data quality system of all entries. */
  quality: RootEntity;
}

/** An input of the metered process, and the data sets that stand behind it. */
export interface Supply {
  input: ExchangeFacts;
  /** Processes, flows, sources and locations. */
  entities: RootEntity[];
  sources: RootEntity[];
}

const ONE = '1' as DecimalText;

/** The electricity, and the process that emits for each kWh where the record has emissions. */
export function electricitySupply(frame: Frame): Supply {
  const { record, inventory, uuidOf, company, evidence, place } = frame;
  const { electricity, kwhPerUnit, energyRelative } = inventory;
  const { country } = record.issuer.region;
  const flow = productFlow(uuidOf(`openlca/electricity/${country}`), ENERGY, {
    name: electricity.productName,
    category: 'millwatt',
    lastChange: record.issued,
  });
  const sources = factorSources(electricity.factors, uuidOf);
  const unit = { flow, measuredIn: ENERGY, unit: 'kWh' };
  const { kgPerKwh, statement } = electricity;
  const pedigree = factorPedigree(record, electricity.factors);
  const supplier =
    kgPerKwh === null
      ? null
      : entity('Process', uuidOf(`openlca/electricity/${record.id}`), {
          ...head(frame, electricity.processName, 'millwatt/electricity'),
          description: statement === null ? '' : supplyWords(statement, kgPerKwh),
          processType: 'LCI_RESULT',
          location: refTo(place),
          ...ratedBy(frame, pedigree),
          ...inventoryOfProcess([
            { ...unit, amount: ONE, direction: 'reference' },
            {
              amount: kgPerKwh,
              flow: CO2_TO_AIR,
              measuredIn: MASS,
              unit: 'kg',
              direction: 'output',
              relative: electricity.factorRelative,
              pedigree,
              description: `Uncertainty: ${statement?.factorUncertainty ?? 'not known'}.`,
            },
          ]),
          processDocumentation: electricityDocumentation(record, electricity, {
            company: refTo(company),
            evidence: refTo(evidence),
            sources: sources.map(refTo),
          }),
        });
  return {
    input: {
      ...unit,
      amount: kwhPerUnit,
      direction: 'input',
      relative: energyRelative,
      pedigree: meteredPedigree(record),
      description: `Metered. ${uncertaintyWords(record)}`,
      ...(supplier === null ? {} : { provider: refTo(supplier) }),
    },
    entities: [flow, ...(supplier === null ? [] : [supplier, CO2_TO_AIR]), ...sources],
    sources,
  };
}

/** A declared part: one goes into each functional unit, and its emissions are those of a process of its own. */
export function declaredSupply(
  frame: Frame,
  { name, key, emittedKg, takenUpKg, part }: DeclaredPart,
): Supply {
  const { record, uuidOf, company, evidence } = frame;
  const { subject } = record;
  const description = upstreamWords(part);
  const flow = productFlow(
    uuidOf(nameInCompany(record, ['declared', subject.kind, subject.id, key])),
    ITEMS,
    { name, category: 'millwatt/declared', lastChange: record.issued },
  );
  const source = declarationSource(record, part.source, uuidOf);
  const nowhere = locationOf(GLOBAL, uuidOf);
  const unit = { flow, measuredIn: ITEMS, unit: 'Item(s)', amount: ONE };
  const pedigree = declaredPedigree(part);
  const inMass = { measuredIn: MASS, unit: 'kg' };
  const supplier = entity('Process', uuidOf(`openlca/declared/${record.id}/${key}`), {
    ...head(frame, `${name}, declared for ${subject.name}`, 'millwatt/declared'),
    description,
    processType: 'LCI_RESULT',
    location: refTo(nowhere),
    ...ratedBy(frame, pedigree),
    ...inventoryOfProcess([
      { ...unit, direction: 'reference' },
      { ...inMass, amount: emittedKg, flow: CO2_TO_AIR, direction: 'output', pedigree },
      ...(takenUpKg === null
        ? []
        : [{ ...inMass, amount: takenUpKg, flow: CO2_FROM_AIR, direction: 'input' as const }]),
    ]),
    processDocumentation: declaredDocumentation(record, description, {
      company: refTo(company),
      evidence: refTo(evidence),
      sources: [refTo(source)],
    }),
  });
  return {
    input: { ...unit, direction: 'input', provider: refTo(supplier), description },
    entities: [flow, supplier, source, nowhere, CO2_TO_AIR, ...(takenUpKg === null ? [] : [CO2_FROM_AIR])],
    sources: [source],
  };
}

/** What every process of a package begins with; a re-issue is a higher version, changed when it was issued. */
export function head(
  { record: { version, issued } }: Frame,
  name: string,
  category: string,
): { name: string; category: string; version: string; lastChange: string } {
  return { name, category, version: versionOf(Number(version)), lastChange: issued };
}

/** The data quality of a process, and the system that it and that of its inputs and outputs is of. */
export function ratedBy({ quality }: Frame, pedigree: Pedigree): object {
  return {
    dqSystem: refTo(quality),
    exchangeDqSystem: refTo(quality),
    dqEntry: pedigreeText(pedigree),
  };
}

/** Inputs and outputs of a process with one product. */
export function inventoryOfProcess(facts: readonly ExchangeFacts[]): object {
  return {
    defaultAllocationMethod: 'NO_ALLOCATION',
    lastInternalId: facts.length,
    exchanges: exchangesOf(facts),
  };
}
