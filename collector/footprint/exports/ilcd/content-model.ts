import { decimalOf } from '../../figures/decimal.ts';
import type { DataSetKind } from './data-set.ts';

/** What a text may be; says what it must be where it is not. */
export type TextRule = (text: string) => string | null;

/** What an element of a name holds: texts for people in a language, a plain text, or parts in an order. */
export type Rule =
  | { words: number }
  | { text: TextRule; attributes?: Readonly<Record<string, TextRule>> }
  | {
      /** Names in order, each with `?`, `*` or `+` behind it as in a regular expression. */
      parts: string;
      attributes?: Readonly<Record<string, TextRule>>;
      /** Attributes that may be left out. */
      optional?: readonly string[];
    };

const matching =
  (pattern: RegExp, what: string): TextRule =>
  (text) =>
    pattern.test(text) ? null : `must be ${what}`;
const oneOf =
  (...values: string[]): TextRule =>
  (text) =>
    values.includes(text) ? null : `must be one of ${values.join(', ')}`;
const atMost =
  (lettersMax: number): TextRule =>
  (text) =>
    text !== '' && Array.from(text).length <= lettersMax ? null : `must have 1 to ${lettersMax} characters`;

const uuid = matching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'a UUID in lower case');
const version = matching(/^\d{2}\.\d{2}\.\d{3}$/, 'a version such as 01.00.000');
const whole = matching(/^(0|[1-9]\d{0,4})$/, 'a whole number of at most five digits');
const level = matching(/^\d$/, 'one digit');
const year = matching(/^\d{4}$/, 'a year');
const time = matching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'a time of UTC');
const uri = matching(/^(urn:|https?:)[!-~]+$/, 'an address');
const mail = matching(/^[^@\s]+@[^@\s]+\.[^@\s]+$/, 'an e-mail address');
const percent = matching(
  /^(\d{1,5}|\d{1,4}\.\d|\d{1,3}\.\d{2}|\d{1,2}\.\d{3})$/,
  'a percentage of at most five digits, three of them behind the point',
);
const amount: TextRule = (text) => {
  try {
    decimalOf(text);
    return null;
  } catch {
    return 'must be a decimal number without exponent';
  }
};
const line = atMost(500);

const compliance = oneOf('Fully compliant', 'Not compliant', 'Not defined');
const TYPE = { type: atMost(40), refObjectId: uuid, version };
const REFERENCE: Rule = { parts: 'common:shortDescription', attributes: TYPE };
const CLASS: Rule = { text: line, attributes: { level, classId: line } };

/** What all kinds have in common. */
const SHARED: Readonly<Record<string, Rule>> = {
  'common:UUID': { text: uuid },
  'common:shortDescription': { words: 1000 },
  'common:shortName': { words: 500 },
  'common:name': { words: 500 },
  'common:generalComment': { words: Infinity },
  classificationInformation: { parts: 'common:classification' },
  'common:classification': { parts: 'common:class+', attributes: { name: line }, optional: ['name'] },
  'common:class': CLASS,
  'common:timeStamp': { text: time },
  'common:referenceToDataSetFormat': REFERENCE,
  'common:dataSetVersion': { text: version },
  'common:referenceToOwnershipOfDataSet': REFERENCE,
  complianceDeclarations: { parts: 'compliance' },
  compliance: { parts: 'common:referenceToComplianceSystem common:approvalOfOverallCompliance' },
  'common:referenceToComplianceSystem': REFERENCE,
  'common:approvalOfOverallCompliance': { text: compliance },
  administrativeInformation: { parts: 'dataEntryBy publicationAndOwnership' },
  dataEntryBy: { parts: 'common:timeStamp common:referenceToDataSetFormat' },
  publicationAndOwnership: { parts: 'common:dataSetVersion common:referenceToOwnershipOfDataSet' },
};

const PROCESS: Readonly<Record<string, Rule>> = {
  processDataSet: { parts: 'processInformation modellingAndValidation administrativeInformation exchanges' },
  processInformation: { parts: 'dataSetInformation quantitativeReference time geography technology' },
  dataSetInformation: { parts: 'common:UUID name classificationInformation common:generalComment' },
  name: { parts: 'baseName treatmentStandardsRoutes mixAndLocationTypes functionalUnitFlowProperties' },
  baseName: { words: 500 },
  treatmentStandardsRoutes: { words: 500 },
  mixAndLocationTypes: { words: 500 },
  functionalUnitFlowProperties: { words: 500 },
  quantitativeReference: {
    parts: 'referenceToReferenceFlow functionalUnitOrOther',
    attributes: { type: oneOf('Reference flow(s)') },
  },
  referenceToReferenceFlow: { text: whole },
  functionalUnitOrOther: { words: 500 },
  time: { parts: 'common:referenceYear common:timeRepresentativenessDescription' },
  'common:referenceYear': { text: year },
  'common:timeRepresentativenessDescription': { words: Infinity },
  geography: { parts: 'locationOfOperationSupplyOrProduction' },
  locationOfOperationSupplyOrProduction: {
    parts: 'descriptionOfRestrictions?',
    attributes: { location: matching(/^([A-Z]{2}|GLO)$/, 'a country in two letters, or GLO') },
  },
  descriptionOfRestrictions: { words: Infinity },
  technology: { parts: 'technologyDescriptionAndIncludedProcesses' },
  technologyDescriptionAndIncludedProcesses: { words: Infinity },
  modellingAndValidation: {
    parts:
      'LCIMethodAndAllocation dataSourcesTreatmentAndRepresentativeness completeness validation complianceDeclarations',
  },
  LCIMethodAndAllocation: { parts: 'typeOfDataSet LCIMethodPrinciple LCIMethodApproaches' },
  typeOfDataSet: {
    text: oneOf('Unit process, single operation', 'Unit process, black box', 'LCI result'),
  },
  LCIMethodPrinciple: { text: oneOf('Attributional') },
  LCIMethodApproaches: {
    text: oneOf(
      'Not applicable',
      'Allocation - physical causality',
      'Allocation - mass',
      'Allocation - equal distribution',
      'Allocation - other explicit assignment',
    ),
  },
  dataSourcesTreatmentAndRepresentativeness: {
    parts:
      'dataCutOffAndCompletenessPrinciples dataSelectionAndCombinationPrinciples? dataTreatmentAndExtrapolationsPrinciples? referenceToDataSource+ annualSupplyOrProductionVolume samplingProcedure? dataCollectionPeriod uncertaintyAdjustments? useAdviceForDataSet',
  },
  dataCutOffAndCompletenessPrinciples: { words: Infinity },
  dataSelectionAndCombinationPrinciples: { words: Infinity },
  dataTreatmentAndExtrapolationsPrinciples: { words: Infinity },
  referenceToDataSource: REFERENCE,
  annualSupplyOrProductionVolume: { words: 500 },
  samplingProcedure: { words: Infinity },
  dataCollectionPeriod: { words: 500 },
  uncertaintyAdjustments: { words: Infinity },
  useAdviceForDataSet: { words: Infinity },
  completeness: { parts: 'completenessProductModel' },
  completenessProductModel: { text: oneOf('Relevant flows missing', 'No statement') },
  validation: { parts: 'review' },
  review: { parts: 'common:dataQualityIndicators?', attributes: { type: oneOf('Not reviewed') } },
  'common:dataQualityIndicators': { parts: 'common:dataQualityIndicator+' },
  'common:dataQualityIndicator': {
    parts: '',
    attributes: {
      name: oneOf(
        'Technological representativeness',
        'Time representativeness',
        'Geographical representativeness',
        'Completeness',
        'Precision',
      ),
      value: oneOf('Very good', 'Good', 'Fair', 'Poor', 'Very poor'),
    },
  },
  compliance: {
    parts:
      'common:referenceToComplianceSystem common:approvalOfOverallCompliance common:nomenclatureCompliance common:methodologicalCompliance common:reviewCompliance common:documentationCompliance common:qualityCompliance',
  },
  'common:nomenclatureCompliance': { text: compliance },
  'common:methodologicalCompliance': { text: compliance },
  'common:reviewCompliance': { text: compliance },
  'common:documentationCompliance': { text: compliance },
  'common:qualityCompliance': { text: compliance },
  administrativeInformation: { parts: 'common:commissionerAndGoal dataEntryBy publicationAndOwnership' },
  'common:commissionerAndGoal': { parts: 'common:referenceToCommissioner common:intendedApplications' },
  'common:referenceToCommissioner': REFERENCE,
  'common:intendedApplications': { words: Infinity },
  dataEntryBy: {
    parts: 'common:timeStamp common:referenceToDataSetFormat common:referenceToPersonOrEntityEnteringTheData',
  },
  'common:referenceToPersonOrEntityEnteringTheData': REFERENCE,
  publicationAndOwnership: {
    parts:
      'common:dateOfLastRevision common:dataSetVersion common:permanentDataSetURI common:workflowAndPublicationStatus common:referenceToOwnershipOfDataSet common:copyright common:licenseType common:accessRestrictions',
  },
  'common:dateOfLastRevision': { text: time },
  'common:permanentDataSetURI': { text: uri },
  'common:workflowAndPublicationStatus': {
    text: oneOf('Data set finalised; unpublished', 'Working draft'),
  },
  'common:copyright': { text: oneOf('true', 'false') },
  'common:licenseType': { text: oneOf('Other') },
  'common:accessRestrictions': { words: Infinity },
  exchanges: { parts: 'exchange+' },
  exchange: {
    parts:
      'referenceToFlowDataSet exchangeDirection meanAmount resultingAmount minimumAmount? maximumAmount? uncertaintyDistributionType? relativeStandardDeviation95In? dataSourceType? dataDerivationTypeStatus generalComment?',
    attributes: { dataSetInternalID: whole },
  },
  referenceToFlowDataSet: REFERENCE,
  exchangeDirection: { text: oneOf('Input', 'Output') },
  meanAmount: { text: amount },
  resultingAmount: { text: amount },
  minimumAmount: { text: amount },
  maximumAmount: { text: amount },
  uncertaintyDistributionType: { text: oneOf('normal') },
  relativeStandardDeviation95In: { text: percent },
  dataSourceType: { text: oneOf('Primary', '> 90% primary', 'Mixed primary / secondary', 'Secondary') },
  dataDerivationTypeStatus: { text: oneOf('Measured', 'Calculated', 'Estimated', 'Unknown derivation') },
  generalComment: { words: 500 },
};

const FLOW: Readonly<Record<string, Rule>> = {
  flowDataSet: { parts: 'flowInformation modellingAndValidation administrativeInformation flowProperties' },
  flowInformation: { parts: 'dataSetInformation quantitativeReference' },
  dataSetInformation: {
    parts: 'common:UUID name classificationInformation CASNumber? sumFormula? common:generalComment?',
  },
  name: { parts: 'baseName treatmentStandardsRoutes mixAndLocationTypes' },
  baseName: { words: 500 },
  treatmentStandardsRoutes: { words: 500 },
  mixAndLocationTypes: { words: 500 },
  classificationInformation: { parts: 'common:elementaryFlowCategorization? common:classification?' },
  'common:elementaryFlowCategorization': { parts: 'common:category+' },
  'common:category': { text: line, attributes: { level, catId: line } },
  CASNumber: { text: matching(/^\d{6}-\d{2}-\d$/, 'a CAS number with its leading zeros') },
  sumFormula: { text: line },
  quantitativeReference: { parts: 'referenceToReferenceFlowProperty' },
  referenceToReferenceFlowProperty: { text: whole },
  modellingAndValidation: { parts: 'LCIMethod complianceDeclarations' },
  LCIMethod: { parts: 'typeOfDataSet' },
  typeOfDataSet: { text: oneOf('Elementary flow', 'Product flow') },
  flowProperties: { parts: 'flowProperty+' },
  flowProperty: {
    parts: 'referenceToFlowPropertyDataSet meanValue',
    attributes: { dataSetInternalID: whole },
  },
  referenceToFlowPropertyDataSet: REFERENCE,
  meanValue: { text: amount },
};

const FLOW_PROPERTY: Readonly<Record<string, Rule>> = {
  flowPropertyDataSet: {
    parts: 'flowPropertiesInformation modellingAndValidation administrativeInformation',
  },
  flowPropertiesInformation: { parts: 'dataSetInformation quantitativeReference' },
  dataSetInformation: { parts: 'common:UUID common:name classificationInformation' },
  quantitativeReference: { parts: 'referenceToReferenceUnitGroup' },
  referenceToReferenceUnitGroup: REFERENCE,
  modellingAndValidation: { parts: 'complianceDeclarations' },
};

const UNIT_GROUP: Readonly<Record<string, Rule>> = {
  unitGroupDataSet: { parts: 'unitGroupInformation modellingAndValidation administrativeInformation units' },
  unitGroupInformation: { parts: 'dataSetInformation quantitativeReference' },
  dataSetInformation: { parts: 'common:UUID common:name classificationInformation' },
  quantitativeReference: { parts: 'referenceToReferenceUnit' },
  referenceToReferenceUnit: { text: whole },
  modellingAndValidation: { parts: 'complianceDeclarations' },
  units: { parts: 'unit+' },
  unit: { parts: 'name meanValue', attributes: { dataSetInternalID: whole } },
  name: { text: line },
  meanValue: { text: amount },
};

const SOURCE: Readonly<Record<string, Rule>> = {
  sourceDataSet: { parts: 'sourceInformation administrativeInformation' },
  sourceInformation: { parts: 'dataSetInformation' },
  dataSetInformation: {
    parts:
      'common:UUID common:shortName classificationInformation sourceCitation? publicationType? sourceDescriptionOrComment?',
  },
  sourceCitation: { text: atMost(1000) },
  publicationType: { text: oneOf('Direct measurement') },
  sourceDescriptionOrComment: { words: Infinity },
};

const CONTACT: Readonly<Record<string, Rule>> = {
  contactDataSet: { parts: 'contactInformation administrativeInformation' },
  contactInformation: { parts: 'dataSetInformation' },
  dataSetInformation: {
    parts:
      'common:UUID common:shortName common:name classificationInformation contactAddress email? WWWAddress? contactDescriptionOrComment',
  },
  contactAddress: { words: 1000 },
  email: { text: mail },
  WWWAddress: { text: atMost(1000) },
  contactDescriptionOrComment: { words: 1000 },
};

/**
 * What each kind of data set holds as it is exported here, element by element: the part of ILCD that is used, with the fields
 * that TIDAS requires. What is not in it is refused, even where the format would take it.
 */
export const CONTENT_MODEL: Readonly<Record<DataSetKind, Readonly<Record<string, Rule>>>> = {
  processes: { ...SHARED, ...PROCESS },
  flows: { ...SHARED, ...FLOW },
  flowproperties: { ...SHARED, ...FLOW_PROPERTY },
  unitgroups: { ...SHARED, ...UNIT_GROUP },
  sources: { ...SHARED, ...SOURCE },
  contacts: { ...SHARED, ...CONTACT },
};
