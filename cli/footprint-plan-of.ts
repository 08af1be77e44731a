import { resolve } from 'node:path';
import { canonicalJson } from '../collector/journal/canonical-json.ts';
import type { FootprintPlan, ToldProduct } from '../collector/reports/footprint/footprint-plan.ts';
import type { PartScores } from '../collector/footprint/record/footprint-record.ts';
import { emissionFactorsOf } from '../collector/footprint/factors/factor-rows.ts';
import { decimalOf, textOf, type DecimalText } from '../collector/footprint/figures/decimal.ts';
import type { CollectorConfig } from '../config/collector-config.ts';
import { loadFactors, loadHourlyFactors } from '../config/library/factor-library.ts';
import { MillwattError } from '../protocols/errors.ts';
import { sha256 } from '../protocols/evidence/keys.ts';
import { uuidOf } from '../protocols/evidence/uuid5.ts';
import { VERSION } from './version.ts';

const CURE = `Add to it, for example:
footprint:
  company: { name: Example Machining Co, ids: [urn:lei:5493001KJTIIGC8Y1R12], country: VN }
  region: VN`;

/**
 * What a collector's configuration says for footprints, with the factors it names. Throws errors of class `refuse`: `no-footprint`
 * where it says nothing, and as `loadFactors`.
 *
 * @param folder of the configuration: relative paths begin there
 * @param key public key of the collector, base64url
 * @param sitePlanHash of what is declared for all reports
 */
export function footprintPlanOf(
  config: CollectorConfig,
  folder: string,
  { key, sitePlanHash }: { key: string; sitePlanHash: string },
): FootprintPlan {
  const { footprint, site } = config;
  if (footprint === undefined)
    throw new MillwattError(
      'refuse',
      'no-footprint',
      'The configuration does not say who answers for a footprint, nor where the electricity was drawn.',
      { cure: CURE },
    );
  const tables = loadFactors(footprint.tables.map((file) => resolve(folder, file)));
  const hourly = footprint.hourly.flatMap((file) => loadHourlyFactors(resolve(folder, file), tables));
  const rows = emissionFactorsOf(tables.flatMap((table) => table.rows));
  const [country = '', grid] = footprint.region.split('-');
  const { company, elsewhere, losses, hours, supplies, lines, models, parts } = footprint;
  const productOf = (kind: string, id: string): ToldProduct => ({
    name: id,
    description: `${kind} ${id} of ${site}`,
    productIds: [`urn:uuid:${uuidOf(['product', site, kind, id].join('\n'))}`],
    classifications: [],
    cutOff: null,
  });
  const told = (kind: string, { id, name, description, ids, classifications, cutOff }: Told): ToldProduct => {
    const plain = productOf(kind, id);
    return {
      name: name ?? plain.name,
      description: description ?? plain.description,
      productIds: ids === undefined || ids.length === 0 ? plain.productIds : ids,
      classifications: classifications ?? [],
      cutOff: cutOff === undefined ? null : { percent: textIn(cutOff.percent), leaves: cutOff.leaves },
    };
  };
  const products = config.machines.map(({ id, name, product }) => ({ id, name, product }));
  return {
    issuer: {
      company: { ...company, contact: company.contact ?? null },
      site,
      region: { country, subdivision: grid === undefined ? null : footprint.region },
      collector: config.collector,
      key,
      software: `millwatt ${VERSION}`,
    },
    elsewhere: elsewhere ?? null,
    lossPercent: losses === undefined ? null : textIn(losses),
    hours,
    rows,
    hourly,
    ownTables: tables.filter(({ isShipped }) => !isShipped).map(({ name }) => name),
    supplies: supplies.map(({ name, factor, from, to, share, kwh, siteKwh }) => ({
      name,
      factor,
      fromDay: from,
      toDay: to,
      part:
        share === undefined
          ? { kind: 'amount', kwh: textIn(kwh ?? '0'), siteKwh: textIn(siteKwh ?? '0') }
          : { kind: 'share', percent: textIn(share) },
    })),
    machines: Object.fromEntries(
      products.map(({ id, name, product }) => [
        id,
        { ...told('machine-hour', { id, name, ...product }), parameters: product?.parameters ?? {} },
      ]),
    ),
    lines: Object.fromEntries(
      lines.map((line) => [line.id, { ...told('machine-hour of line', line), machines: line.machines }]),
    ),
    models: Object.fromEntries(
      models.map((model) => [
        model.id,
        {
          ...told('machine-hour of model', model),
          machines: model.machines,
          parameters: {
            ...sharedBy(
              model.machines.map((id) => products.find((one) => one.id === id)?.product?.parameters ?? {}),
            ),
            ...model.parameters,
          },
        },
      ]),
    ),
    parts: Object.fromEntries(
      parts.map((part) => [
        part.id,
        {
          ...told('part', part),
          machines: part.machines,
          countedAt: part.countedAt ?? null,
          massKg: part.massKg === undefined ? null : textIn(part.massKg),
          fossilCarbonKg: part.fossilCarbonKg === undefined ? null : textIn(part.fossilCarbonKg),
          upstream: part.upstream.map((one) => ({
            stage: one.stage,
            name: one.name,
            kgCo2ePerUnit: textIn(one.kgCo2e),
            biogenicUptakeKgCo2ePerUnit: textIn(one.biogenicUptake),
            source: one.source,
            primaryPercent: textIn(one.primary),
            precedingId: one.preceding ?? null,
            ...(one.scores !== undefined && { scores: scoresIn(one.scores) }),
          })),
        },
      ]),
    ),
    productOf,
    // What the files say, not only how they are called: a changed row makes other records.
    hash: sha256(
      [canonicalJson({ plan: sitePlanHash, footprint, products }), JSON.stringify([rows, hourly])].join('\n'),
    ),
  };
}

/** What is the same of all. */
function sharedBy([first = {}, ...others]: readonly Record<string, string>[]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((other) => other[name] === value)),
  );
}

/** What a file tells of a product. */
interface Told {
  id: string;
  name?: string | undefined;
  description?: string | undefined;
  ids?: string[];
  classifications?: string[];
  cutOff?: { percent: string; leaves: string } | undefined;
}

/** One number has one text, however it was written. */
function textIn(text: string): DecimalText {
  return textOf(decimalOf(text));
}

/** Those scores that were told. */
function scoresIn(scores: { [kind in keyof PartScores]?: PartScores[kind] | undefined }): PartScores {
  return Object.fromEntries(Object.entries(scores).filter(([, score]) => score !== undefined));
}
