import { z } from 'zod';
import { HOUR_BASIS_WORDS, UPSTREAM_STAGES } from './footprint-words.ts';
import { id, levelId } from './scalars.ts';

const URN_WORDS = 'a urn, such as urn:gtin:4712345060507 or urn:pact:example.com:part:housing-7';
const AMOUNT_WORDS = 'a decimal of 0 or more, such as 3.2';
const SIGNED_WORDS = 'a decimal, such as 4.48 or -0.2';
const PERCENT_WORDS = 'a share in %, 0 to 100, without the sign: 6.3';
const LOSSES_WORDS = 'a share in %, 0 or more and less than 100, without the sign: 6.3';
const REGION_WORDS = 'a country in two letters (ISO 3166-1), with a grid of it behind: VN or CN-N';
const SCORE_WORDS = 'a score from 1 (best) to 5 (worst)';
const CUT_OFF_WORDS = 'a share in %, 0 to 10, without the sign: 1.5';
const DAY_WORDS = 'a date, such as 2026-01-01';

const text = z.string().trim().min(1).max(500);
const urn = z.string().regex(/^urn:[A-Za-z0-9][A-Za-z0-9-]{0,31}:[!-~]+$/, URN_WORDS);
const DIGITS = '\\d{1,15}(?:\\.\\d{1,12})?';
const written = (pattern: RegExp, words: string) =>
  z.union([z.number(), z.string()], words).transform(String).pipe(z.string().regex(pattern, words));
const amount = written(new RegExp(`^${DIGITS}$`), AMOUNT_WORDS);
const signed = written(new RegExp(`^-?${DIGITS}$`), SIGNED_WORDS);
const percent = written(/^(?:100|\d{1,2}(?:\.\d{1,12})?)$/, PERCENT_WORDS);

const company = z
  .strictObject({
    name: text.describe('Who answers for the figures.').meta({ examples: ['Example Machining Co'] }),
    ids: z
      .array(urn)
      .min(1)
      .describe('Its ids: urn:lei:, urn:duns:, urn:bpn: and the like.')
      .meta({ examples: [['urn:lei:5493001KJTIIGC8Y1R12']] }),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, 'a country in two letters (ISO 3166-1), such as VN')
      .describe('Where it is, ISO 3166-1.')
      .meta({ examples: ['VN'] }),
    contact: text
      .optional()
      .describe('E-mail or page of whoever answers questions.')
      .meta({ examples: ['energy@example.com'] }),
  })
  .describe('The company that answers for the figures.');

const day = z.iso.date(DAY_WORDS);

const supply = z
  .strictObject({
    name: text.describe('What people call it.').meta({ examples: ['wind contract'] }),
    factor: text
      .describe('Id of its row in one of your tables, of basis contract or on-site.')
      .meta({ examples: ['my-contracts/DE/2026/wind'] }),
    from: day.describe('First day, on the clocks of the site.').meta({ examples: ['2026-01-01'] }),
    to: day.describe('Day after the last.').meta({ examples: ['2027-01-01'] }),
    share: percent
      .optional()
      .describe("Share of the site's electricity, %.")
      .meta({ examples: ['40'] }),
    kwh: amount
      .optional()
      .describe('Instead of a share: kWh in that time ...')
      .meta({ examples: ['120000'] }),
    siteKwh: amount
      .optional()
      .describe('... of what the whole site drew in it, kWh.')
      .meta({ examples: ['300000'] }),
  })
  .describe('Electricity of known origin: a contract, or what the site generates and uses itself.');

const score = z
  .union([z.number(), z.string()], SCORE_WORDS)
  .transform(String)
  .pipe(z.enum(['1', '2', '3', '4', '5'], SCORE_WORDS))
  .optional();

const upstream = z
  .strictObject({
    stage: z.enum(UPSTREAM_STAGES).describe('What kind of part it is.'),
    name: text.describe('What it is.').meta({ examples: ['steel bar 42CrMo4, 4.1 kg'] }),
    kgCo2e: signed
      .describe('kg of CO2e in one unit of the product, uptake included.')
      .meta({ examples: ['4.48'] }),
    biogenicUptake: signed
      .default('0')
      .describe('Of it, biogenic uptake: 0 or less, kg of CO2.')
      .meta({ examples: ['-0.2'] }),
    source: text.describe('Who says so, and where.').meta({ examples: ['supplier declaration 2026-02'] }),
    primary: percent
      .default('0')
      .describe('Share of primary data in it, %.')
      .meta({ examples: ['100'] }),
    preceding: text
      .optional()
      .describe('Id of the footprint it is from.')
      .meta({ examples: ['3c0d2f2e-8f3a-4b5f-9f0e-0a7a3f2f9b10'] }),
    scores: z
      .strictObject({
        technological: score.describe('Of the same technology?').meta({ examples: [2] }),
        geographical: score.describe('Of the same place?').meta({ examples: [1] }),
        temporal: score.describe('Of the same time?').meta({ examples: [1] }),
      })
      .optional()
      .describe('Its data quality, 1 (best) to 5, as its source rates it; what is not told counts as 5.')
      .meta({ examples: [{ technological: 2, geographical: 1, temporal: 1 }] }),
  })
  .describe('A part of the footprint beyond electricity, per unit of the product.');

const cutOff = z
  .strictObject({
    percent: written(/^(?:10|\d(?:\.\d{1,12})?)$/, CUT_OFF_WORDS)
      .describe('Share of the emissions that is left out, % by estimate, 0 to 10.')
      .meta({ examples: ['1.5'] }),
    leaves: text
      .describe('What is left out, and why.')
      .meta({ examples: ['lubricants: under 1 % of the mass'] }),
  })
  .optional()
  .describe('What is left out within the boundary, by your decision.')
  .meta({ examples: [{ percent: '1.5', leaves: 'lubricants: under 1 % of the mass' }] });

/** What is told of anything that has a footprint. */
const named = {
  name: text
    .optional()
    .describe('What people call it.')
    .meta({ examples: ['Housing 7'] }),
  description: text
    .optional()
    .describe('What it is, in a sentence.')
    .meta({ examples: ['Spindle housing, milled from steel'] }),
  ids: z
    .array(urn)
    .default([])
    .describe('Its urn: ids, such as urn:gtin:; without, one is made of its name.')
    .meta({ examples: [['urn:pact:example.com:part:housing-7']] }),
  classifications: z
    .array(urn)
    .default([])
    .describe('Its urn: classes, such as UN CPC or UNSPSC.')
    .meta({ examples: [['urn:unspsc:23153100']] }),
  cutOff,
};

const part = z
  .strictObject({
    id: text.describe('As marks of jobs name it.').meta({ examples: ['housing-7'] }),
    ...named,
    machines: z
      .array(levelId)
      .default([])
      .describe('Machines that work on it, in order; what it takes is added up over them.')
      .meta({ examples: [['lathe-1', 'mill-1']] }),
    countedAt: levelId
      .optional()
      .describe('Of those machines, the one whose good parts count; else the last.')
      .meta({ examples: ['mill-1'] }),
    massKg: amount
      .optional()
      .describe('Mass of one, kg.')
      .meta({ examples: ['3.2'] }),
    fossilCarbonKg: amount
      .optional()
      .describe('Fossil carbon in one, kg; 0 where there is none.')
      .meta({ examples: ['0.013'] }),
    upstream: z
      .array(upstream)
      .default([])
      .describe('What its footprint has beyond the electricity of machining.')
      .meta({
        examples: [
          [
            {
              stage: 'material',
              name: 'steel bar',
              kgCo2e: '4.48',
              source: 'supplier declaration 2026-02',
              primary: '100',
            },
          ],
        ],
      }),
  })
  .describe('A part that is made here.');

const line = z
  .strictObject({
    id: id.describe('Its name.').meta({ examples: ['line-a'] }),
    ...named,
    machines: z
      .array(levelId)
      .min(1)
      .describe('Machines that make it up, each once.')
      .meta({ examples: [['mill-1', 'mill-2']] }),
  })
  .describe('Several machines whose use phase is reported as one.');

/** Parameters of a machine or of a model. */
const parameters = z.record(
  z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/, 'a name of letters and digits, such as spindleKw'),
  z.union([z.number(), text]).transform(String),
);

const model = z
  .strictObject({
    id: id.describe('Its name.').meta({ examples: ['vx-500'] }),
    ...named,
    machines: z
      .array(levelId)
      .min(1)
      .describe('Machines of this model that are metered here, each once.')
      .meta({ examples: [['mill-1', 'mill-2', 'mill-3']] }),
    parameters: parameters
      .default({})
      .describe('Parameters of the model; those that all its machines share are its own, too.')
      .meta({ examples: [{ massKg: 8200, axes: 5, spindleKw: 15 }] }),
  })
  .describe('Machines of one model, as samples of it: their mean is declared for a typical unit.');

/** What footprints need beyond measured energy. Shares and amounts are decimal texts. */
export const footprintConfig = z
  .strictObject({
    company,
    region: z
      .string()
      .regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, REGION_WORDS)
      .describe('Where the electricity is drawn: its factors are taken.')
      .meta({ examples: ['VN'] }),
    elsewhere: z
      .enum(['WORLD', 'EU'])
      .optional()
      .describe('Whose factor is taken where the country has none; without it, there is no figure.')
      .meta({ examples: ['WORLD'] }),
    losses: written(/^\d{1,2}(?:\.\d{1,12})?$/, LOSSES_WORDS)
      .optional()
      .describe('Losses of the grid, % of what is generated, for factors that leave them out.')
      .meta({ examples: ['6.3'] }),
    tables: z
      .array(z.string().min(1))
      .default([])
      .describe('Your own tables of factors (CSV), relative to this file: contracts, on-site, residual mix.')
      .meta({ examples: [['my-contracts.csv']] }),
    hourly: z
      .array(z.string().min(1))
      .default([])
      .describe('Files of hourly values (CSV) for rows of any table.')
      .meta({ examples: [['my-hours.csv']] }),
    supplies: z
      .array(supply)
      .default([])
      .describe('Contracts and on-site generation, in the order in which they are used up.')
      .meta({
        examples: [
          [
            {
              name: 'wind contract',
              factor: 'my-contracts/DE/2026/wind',
              from: '2026-01-01',
              to: '2027-01-01',
              share: '40',
            },
          ],
        ],
      }),
    hours: z
      .enum(HOUR_BASIS_WORDS)
      .default('operating')
      .describe('Which hours a machine-hour is: all watched, with power on, operating, or processing.'),
    lines: z
      .array(line)
      .default([])
      .describe('Lines of several machines.')
      .meta({ examples: [[{ id: 'line-a', machines: ['mill-1', 'mill-2'] }]] }),
    models: z
      .array(model)
      .default([])
      .describe('Models of machines, of which several are metered.')
      .meta({ examples: [[{ id: 'vx-500', machines: ['mill-1', 'mill-2', 'mill-3'] }]] }),
    parts: z
      .array(part)
      .default([])
      .describe('Parts that are made here.')
      .meta({ examples: [[{ id: 'housing-7', massKg: '3.2' }]] }),
  })
  .describe('What footprints and their exports need: who answers, which factors, which products.');

/** What is told of a machine as a product: the machine-hour. */
export const machineProductConfig = z
  .strictObject({
    description: text
      .optional()
      .describe('What it is, in a sentence.')
      .meta({ examples: ['5-axis machining centre'] }),
    ids: named.ids.meta({ examples: [['urn:pact:example.com:machine-hour:mill-1']] }),
    classifications: named.classifications,
    cutOff,
    parameters: parameters
      .default({})
      .describe("Parameters of the machine's model, units in the names.")
      .meta({ examples: [{ massKg: 8200, axes: 5, spindleKw: 15, baseMaterial: 'cast iron', year: 2021 }] }),
  })
  .describe('The machine as a product, for footprints of its use phase.');

export type FootprintConfig = z.output<typeof footprintConfig>;
