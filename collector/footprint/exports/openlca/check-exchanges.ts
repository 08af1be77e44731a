import { fieldsOf, listOf, say, type Fields, type PackageContent } from './package-reader.ts';

/** Mean of a log-normal distribution over the amount may differ from 1 by what rounding does. */
const MEAN_TOLERANCE = 1e-6;

/**
 * What is wrong with the inputs and outputs of a process, for openLCA's importer and for Brightway's. openLCA finds a unit
 * only in the unit group of the exchange's flow property, and a flow property only among the flow's own; what it does not
 * find it leaves empty without a word.
 */
export function* checkExchanges(dataSet: Fields, content: PackageContent): Iterable<string> {
  const exchanges = listOf(dataSet['exchanges']);
  const ids = exchanges.map((exchange) => exchange['internalId']);
  for (const [index, exchange] of exchanges.entries()) {
    const place = `exchanges[${index}]`;
    const id = exchange['internalId'];
    if (!Number.isInteger(id) || Number(id) < 1) yield `${place}.internalId ${say(id)} is not 1 or more`;
    if (ids.indexOf(id) !== index) yield `${place}.internalId ${say(id)} is there twice`;
    if (Number(id) > Number(dataSet['lastInternalId']))
      yield `${place}.internalId ${say(id)} is beyond lastInternalId ${say(dataSet['lastInternalId'])}`;
    const amount = exchange['amount'];
    if (typeof amount !== 'number' || !Number.isFinite(amount))
      yield `${place}.amount ${say(amount)} is no number`;
    for (const fault of checkUnit(exchange, content)) yield `${place}.${fault}`;
    for (const fault of checkProvider(exchange, content)) yield `${place}.${fault}`;
    for (const fault of checkUncertainty(exchange)) yield `${place}.${fault}`;
    for (const fault of checkDqEntry(exchange['dqEntry'], dataSet['exchangeDqSystem'], content))
      yield `${place}.${fault}`;
  }
  const references = exchanges.filter((exchange) => exchange['isQuantitativeReference'] === true);
  if (references.length !== 1) yield `exchanges: ${references.length} are the quantitative reference, not 1`;
  for (const exchange of references)
    if (exchange['isInput'] !== false || fieldsOf(exchange['flow'])['flowType'] !== 'PRODUCT_FLOW')
      yield 'exchanges: the quantitative reference is no product that goes out';
  const products = exchanges.filter(
    (exchange) => exchange['isInput'] !== true && fieldsOf(exchange['flow'])['flowType'] === 'PRODUCT_FLOW',
  );
  if (products.length !== 1) yield `exchanges: ${products.length} products go out, and Brightway reads 1`;
}

/** What is wrong with a data quality entry such as `(1;1;2;1;1)`. */
export function* checkDqEntry(entry: unknown, system: unknown, content: PackageContent): Iterable<string> {
  if (entry === undefined) return;
  const indicators = listOf(content.find('DQSystem', fieldsOf(system)['@id'])?.['indicators']);
  const scores = typeof entry === 'string' && /^\([^()]*\)$/.test(entry) ? entry.slice(1, -1).split(';') : [];
  if (scores.length !== indicators.length || scores.length === 0)
    yield `dqEntry ${say(entry)} does not have the ${indicators.length} scores of its system`;
  for (const [index, score] of scores.entries()) {
    const indicator = indicators.find(({ position }) => position === index + 1);
    const known = listOf(indicator?.['scores']).map(({ position }) => String(position));
    if (score !== 'n.a.' && !known.includes(score))
      yield `dqEntry ${say(entry)} has ${say(score)}, which its system does not know`;
  }
}

function* checkUnit(exchange: Fields, content: PackageContent): Iterable<string> {
  const flowRef = fieldsOf(exchange['flow']);
  const flow = content.find('Flow', flowRef['@id']);
  if (flow === undefined) {
    yield `flow ${say(flowRef['@id'])} is not in the package`;
    return;
  }
  if (flowRef['flowType'] !== flow['flowType'])
    yield `flow.flowType ${say(flowRef['flowType'])} is not ${say(flow['flowType'])}, and Brightway reads it here`;
  const factors = listOf(flow['flowProperties']);
  const propertyId = fieldsOf(exchange['flowProperty'])['@id'];
  const factor = factors.find((one) => fieldsOf(one['flowProperty'])['@id'] === propertyId);
  if (factor === undefined) {
    yield `flowProperty ${say(propertyId)} is none of the flow ${say(flow['name'])}`;
    return;
  }
  const units = unitsOf(propertyId, content);
  const unit = fieldsOf(exchange['unit']);
  const found = units.find((one) => one['@id'] === unit['@id']);
  if (found === undefined) yield `unit ${say(unit['@id'])} is not in the unit group of ${say(propertyId)}`;
  else if (found['name'] !== unit['name'])
    yield `unit ${say(unit['name'])} is called ${say(found['name'])} in its group`;
  const reference = factors.find((one) => one['isRefFlowProperty'] === true);
  const refUnit = unitsOf(fieldsOf(reference?.['flowProperty'])['@id'], content).find(
    (one) => one['isRefUnit'] === true,
  );
  if (flowRef['refUnit'] !== refUnit?.['name'])
    yield `flow.refUnit ${say(flowRef['refUnit'])} is not ${say(refUnit?.['name'])}, and Brightway scales to it`;
}

function unitsOf(propertyId: unknown, content: PackageContent): Fields[] {
  const property = content.find('FlowProperty', propertyId);
  const group = content.find('UnitGroup', fieldsOf(property?.['unitGroup'])['@id']);
  return listOf(group?.['units']);
}

function* checkProvider(exchange: Fields, content: PackageContent): Iterable<string> {
  if (exchange['defaultProvider'] === undefined) return;
  const id = fieldsOf(exchange['defaultProvider'])['@id'];
  const provider = content.find('Process', id);
  if (provider === undefined) {
    yield `defaultProvider ${say(id)} is not in the package`;
    return;
  }
  const reference = listOf(provider['exchanges']).find((one) => one['isQuantitativeReference'] === true);
  if (exchange['isInput'] !== true) yield `defaultProvider ${say(id)} is that of an output`;
  if (fieldsOf(reference?.['flow'])['@id'] !== fieldsOf(exchange['flow'])['@id'])
    yield `defaultProvider ${say(provider['name'])} does not make ${say(fieldsOf(exchange['flow'])['name'])}`;
}

function* checkUncertainty(exchange: Fields): Iterable<string> {
  const { uncertainty, baseUncertainty, amount } = exchange;
  if (baseUncertainty !== undefined) yield `baseUncertainty ${say(baseUncertainty)} is counted twice`;
  if (uncertainty === undefined) return;
  const { distributionType, geomMean, geomSd } = fieldsOf(uncertainty);
  if (distributionType !== 'LOG_NORMAL_DISTRIBUTION') {
    yield `uncertainty.distributionType ${say(distributionType)} is none that we write`;
    return;
  }
  if (typeof geomSd !== 'number' || geomSd < 1) yield `uncertainty.geomSd ${say(geomSd)} is below 1`;
  const mean = Number(geomMean) * Math.exp(Math.log(Number(geomSd)) ** 2 / 2);
  if (!(Math.abs(mean / Number(amount) - 1) < MEAN_TOLERANCE))
    yield `uncertainty has the mean ${mean}, the amount is ${say(amount)}`;
}
