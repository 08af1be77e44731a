import type { Line } from './page-text.ts';
import type { RecordReader } from './record-reader.ts';
import { drawFacts, drawText, type Section } from './section.ts';

/** What the figures are of: unit, subject, who answers, and how much of it is primary data. */
export function subjectSection({ record, say, has, joined }: RecordReader): Section {
  const { subject } = record;
  const parameters = Object.keys(subject.parameters);
  const mass = (name: string, what: string): Line =>
    has(`subject.${name}`) ? [what, ' ', say(`subject.${name}`), ' kg a unit'] : [what, ' not declared'];
  return {
    id: 'subject',
    title: 'Functional unit, subject, primary data',
    draw: (widthEm, room) =>
      drawFacts(
        [
          [
            'Functional unit',
            [
              [say('functionalUnit.description')],
              [
                'amount ',
                say('functionalUnit.amount'),
                ' ',
                say('functionalUnit.unit'),
                ', ',
                ...(has('functionalUnit.count')
                  ? ['the period had ', say('functionalUnit.count')]
                  : ['how many there were is not known']),
                ...(has('functionalUnit.basis') ? ['; hours: ', say('functionalUnit.basis')] : []),
              ],
            ],
          ],
          ['Machines', joined('subject.machines', ', ')],
          [
            'Product',
            [
              joined('subject.productIds', ', '),
              ...(subject.classifications.length === 0 ? [] : [joined('subject.classifications', ', ')]),
              // An hour of use is a service.
              record.view === 'use-phase'
                ? [
                    'no mass (',
                    say('subject.massKgPerUnit'),
                    ' kg), no fossil carbon (',
                    say('subject.fossilCarbonKgPerUnit'),
                    ' kg): a service',
                  ]
                : [
                    ...mass('massKgPerUnit', 'mass'),
                    '; ',
                    ...mass('fossilCarbonKgPerUnit', 'fossil carbon in it'),
                  ],
              ...(parameters.length === 0
                ? []
                : [
                    parameters.flatMap((name, index) => [
                      `${index === 0 ? '' : '; '}${name} `,
                      say(`subject.parameters.${name}`),
                    ]),
                  ]),
            ],
          ],
          [
            'Company',
            [
              joined('issuer.company.ids', ', '),
              ['contact: ', has('issuer.company.contact') ? say('issuer.company.contact') : 'nobody named'],
            ],
          ],
          [
            'Primary data',
            [
              [
                'Activity ',
                say('dataQuality.primaryActivityPercent'),
                ' %; activity and factor both ',
                say('dataQuality.primaryStrictPercent'),
                ' %. Policy: ',
                say('dataQuality.policy'),
              ],
            ],
          ],
        ],
        { widthEm, room, caption: 'Functional unit, subject and primary data', share: 24 },
      ),
  };
}

/** Boundary, cut-off, allocation. */
export function methodSection({ record, say, list }: RecordReader): Section {
  const { includes, excludes } = record.boundary;
  const bullets = (path: string, sign: string): Line[] => list(path).map((line) => [`${sign} `, ...line]);
  return {
    id: 'method',
    title: 'System boundary and allocation',
    draw: (widthEm, room) =>
      drawFacts(
        [
          ['Boundary', [[say('boundary.statement')]]],
          ...(includes.length === 0 ? [] : [['Included', bullets('boundary.includes', '+')] as const]),
          ...(excludes.length === 0 ? [] : [['Not included', bullets('boundary.excludes', '–')] as const]),
          ['Cut-off', [[say('cutOff.exemptedPercent'), ' %. ', say('cutOff.statement')]]],
          ['Allocation', [['Rule: ', say('allocation.rule'), '. ', say('allocation.statement')]]],
        ],
        { widthEm, room, caption: 'System boundary, cut-off and allocation', share: 24 },
      ),
  };
}

/** What a reader has to know besides; undefined where that is nothing. */
export function remarksSection({ record, list }: RecordReader): Section | undefined {
  if (record.remarks.length === 0) return undefined;
  return {
    id: 'remarks',
    title: 'Remarks',
    draw: (widthEm, room) => drawText(list('remarks'), { widthEm, room }),
  };
}

/** What a stranger needs to find what the figures rest on: record, hours, chains, software. */
export function recordSection({ record, say, code, joined }: RecordReader): Section {
  const { amendments, methods = [] } = record.evidence;
  const facts: [string, Line[]][] = [
    [
      'Record',
      [
        [code('id')],
        ['version ', say('version'), ', issued ', say('issued')],
        [say('format'), ', ', say('view'), ', ', say('evidence.status')],
      ],
    ],
    ['Period, UTC', [['from ', say('period.from'), ' to ', say('period.to')]]],
    [
      'Machine-hours',
      [
        [say('evidence.hours.count'), ', of them revised ', say('evidence.hours.revisedCount')],
        [code('evidence.hours.sha256')],
      ],
    ],
    ['Amendments', [amendments.length === 0 ? ['none'] : joined('evidence.amendments', ', ')]],
    [
      'Computed by',
      [
        [
          say('issuer.software'),
          ': ',
          ...joined('evidence.algorithms', ', '),
          ', ',
          say('evidence.uncertaintyModel'),
        ],
        ...methods.map((_, index): Line => {
          const of = `evidence.methods[${index}]`;
          return [say(`${of}.machine`), ', method ', code(`${of}.sha256`)];
        }),
      ],
    ],
  ];
  return {
    id: 'record',
    title: 'Evidence: record and hours',
    draw: (widthEm, room) => drawFacts(facts, { widthEm, room, caption: 'Record and hours', share: 24 }),
  };
}

/** Whose keys and which declarations the figures rest on, and how to verify them. @param fingerprint of the collector's key */
export function keysSection({ record, say, code }: RecordReader, fingerprint: string): Section {
  const { configs } = record.evidence;
  const chains = record.evidence.records.map((_, index): Line => {
    const of = (key: string) => say(`evidence.records[${index}].${key}`);
    return [of('agent'), ', epoch ', of('epoch'), ', records ', of('from'), ' to ', of('to')];
  });
  const hashes = configs.map((_, index): Line => [code(`evidence.configs[${index}]`)]);
  const facts: [string, Line[]][] = [
    ['Collector', [[say('issuer.collector'), ' of ', say('issuer.site')], [code('issuer.key')]]],
    ['Its fingerprint', [[{ path: 'fingerprint', text: fingerprint, isCode: true }]]],
    ['Configurations', hashes.length === 0 ? [['none']] : hashes],
    ['Site’s plan', [[code('evidence.plan')]]],
    ['Agents’ chains', chains.length === 0 ? [['none']] : chains],
    [
      'To verify',
      [
        [
          'Take the evidence package (millwatt export evidence), and offline: millwatt verify PACKAGE --trust FINGERPRINT, which you get by another way than from this page. It shows that nothing was changed since the gateway read it, not that the meters were right.',
          ...(record.view === 'use-phase' ? [] : [' Which share of the hours this is, no package proves.']),
        ],
      ],
    ],
  ];
  return {
    id: 'keys',
    title: 'Evidence: keys, configurations, chains (SHA-256)',
    draw: (widthEm, room) =>
      drawFacts(facts, {
        widthEm,
        room,
        caption: 'Keys, configurations, chains and how to verify',
        share: 24,
      }),
  };
}
