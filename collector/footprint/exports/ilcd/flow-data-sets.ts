import { element, SHORT_TEXT_LETTERS_MAX, STRING_LETTERS_MAX, words, type DataSet } from './data-set.ts';
import {
  administration,
  carbonDioxideFlow,
  classification,
  flowRoot,
  type Making,
  type Quantity,
} from './reference-data.ts';

/** First version of a data set that keeps its meaning: products and parties do not change with a re-issue. */
const LASTING_VERSION = '01.00.000';

/** CPC 2.1: what TIDAS classes product flows by. */
const ELECTRICITY_CLASSES = [
  ['1', 'Ores and minerals; electricity, gas and water'],
  ['17', 'Electricity, town gas, steam and hot water'],
  ['171', 'Electrical energy'],
  ['1710', 'Electrical energy'],
  ['17100', 'Electrical energy'],
] as const;

/** A product that processes give and take, counted in the quantity's unit. */
export function productFlow(
  making: Making,
  of: {
    id: string;
    name: string;
    measuredIn: Quantity;
    route: string;
    isElectricity?: boolean;
    comment?: string;
  },
): DataSet {
  return {
    kind: 'flows',
    id: of.id,
    version: LASTING_VERSION,
    title: of.name,
    root: flowRoot(making, LASTING_VERSION, {
      type: 'Product flow',
      measuredIn: of.measuredIn,
      information: [
        element('common:UUID', of.id),
        element('name', [
          words('baseName', of.name, STRING_LETTERS_MAX),
          words('treatmentStandardsRoutes', of.route, STRING_LETTERS_MAX),
          words('mixAndLocationTypes', 'as supplied at the site', STRING_LETTERS_MAX),
        ]),
        of.isElectricity === true
          ? classification(ELECTRICITY_CLASSES)
          : classification([['products', 'Products']], 'millwatt'),
        of.comment === undefined ? null : words('common:generalComment', of.comment),
      ],
    }),
  };
}

/** Carbon dioxide that plants took from the air: no id of ILCD is known for it, so it has one of our own. */
export function uptakeFlow(making: Making, mass: Quantity, id: string): DataSet {
  return carbonDioxideFlow(making, mass, {
    id,
    version: LASTING_VERSION,
    name: 'carbon dioxide (biogenic uptake, declared)',
    where: 'from air',
    categories: [
      ['2', 'Resources'],
      ['2.3', 'Resources from air'],
      ['2.3.6', 'Renewable material resources from air'],
    ],
    comment:
      'Map it to the uptake of carbon dioxide of your method of impact assessment: it has no reference id.',
  });
}

/** The company that answers for the record. */
export function companyContact(
  issued: string,
  of: { id: string; name: string; ids: readonly string[]; country: string; contact: string | null },
): DataSet {
  const head = { kind: 'contacts', id: of.id, version: LASTING_VERSION, title: of.name } as const;
  const { contact } = of;
  const isMail = contact !== null && /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(contact);
  return {
    ...head,
    root: element('contactDataSet', [
      element('contactInformation', [
        element('dataSetInformation', [
          element('common:UUID', of.id),
          words('common:shortName', of.name, STRING_LETTERS_MAX),
          words('common:name', of.name, STRING_LETTERS_MAX),
          classification([
            ['2', 'Organisations'],
            ['2.4', 'Other organisations'],
          ]),
          words('contactAddress', of.country),
          isMail ? element('email', contact) : null,
          contact !== null && !isMail ? element('WWWAddress', contact) : null,
          words('contactDescriptionOrComment', `Ids: ${of.ids.join(', ')}`, SHORT_TEXT_LETTERS_MAX),
        ]),
      ]),
      administration({ issued, owner: head }, LASTING_VERSION),
    ]),
  };
}
