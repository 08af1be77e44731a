import { CONTENT_MODEL, type Rule, type TextRule } from './content-model.ts';
import { isChinese, partsOf, walk, type DataSetKind, type Element } from './data-set.ts';

/** What in a data set is not as the content model has it: elements, their order, attributes, texts, languages. */
export function contentFaults(kind: DataSetKind, root: Element): string[] {
  const model = CONTENT_MODEL[kind];
  return [...walk(root)].flatMap(([part, way]) => {
    const rule = Object.hasOwn(model, part.name) ? model[part.name] : undefined;
    return (rule === undefined ? ['is no element that is exported'] : elementFaults(part, rule)).map(
      (fault) => `${way} ${fault}`,
    );
  });
}

function elementFaults(part: Element, rule: Rule): string[] {
  if ('words' in rule) return wordFaults(part, rule.words);
  const optional = 'optional' in rule ? rule.optional : undefined;
  const faults = attributeFaults(part, rule.attributes ?? {}, optional ?? []);
  if ('text' in rule) {
    if (typeof part.content !== 'string') return [...faults, 'must be a text'];
    const fault = rule.text(part.content);
    return fault === null ? faults : [...faults, `${fault}, but is ${JSON.stringify(part.content)}`];
  }
  if (typeof part.content === 'string' && part.content !== '')
    return [...faults, `must have parts, but is ${JSON.stringify(part.content)}`];
  const names = partsOf(part).map(({ name }) => name);
  const order = rule.parts
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => word.replace(/^(.*?)([?*+]?)$/, '(?:$1 )$2'))
    .join('');
  return new RegExp(`^${order}$`).test(names.map((name) => `${name} `).join(''))
    ? faults
    : [...faults, `has ${names.join(', ') || 'nothing'}, but must have ${rule.parts} in this order`];
}

function wordFaults({ content, attributes }: Element, lettersMax: number): string[] {
  if (typeof content !== 'string' || content.trim() === '') return ['must be a text with something in it'];
  const { 'xml:lang': language } = attributes;
  const faults: string[] = [];
  if (Object.keys(attributes).length !== 1 || (language !== 'en' && language !== 'zh'))
    faults.push(`must have xml:lang en or zh and no other attribute, but has ${JSON.stringify(attributes)}`);
  if (isChinese(content) !== (language === 'zh'))
    faults.push(`is in ${language}, but ${isChinese(content) ? 'has' : 'has no'} Chinese letters`);
  const letters = Array.from(content).length;
  if (letters > lettersMax) faults.push(`has ${letters} characters, more than ${lettersMax}`);
  return faults;
}

function attributeFaults(
  { attributes }: Element,
  rules: Readonly<Record<string, TextRule>>,
  optional: readonly string[],
): string[] {
  const faults = Object.keys(rules)
    .filter((name) => !Object.hasOwn(attributes, name) && !optional.includes(name))
    .map((name) => `lacks the attribute ${name}`);
  for (const [name, value] of Object.entries(attributes)) {
    const fault = Object.hasOwn(rules, name) ? rules[name]?.(value) : 'is no attribute that is exported';
    if (fault !== null && fault !== undefined)
      faults.push(`has ${name}=${JSON.stringify(value)}, which ${fault}`);
  }
  return faults;
}
