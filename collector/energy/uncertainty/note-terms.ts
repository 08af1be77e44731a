/** What a note of one state is made of, so that the note of several states says once what they have in common. */
export interface NoteTerms {
  /** The class or what else stands for all states: `class 0.5`. */
  head: string;
  /** Figures of the state by what they are, in a fixed order: `['load in % of 100 A', '13']`. */
  figures: readonly (readonly [name: string, value: string])[];
  /**
   * Where a class says nothing, what was put in the place of a limit, without figures of the state: `below 5 %: 1.5 % x 5 % /
   * load`. Empty within its range.
   */
  outside: string;
}

/** One state of several, and what a source adds to it. */
export interface StateNote {
  name: string;
  /** u in % of the state's own energy, as it is printed. */
  percent: string;
  /** No source adds more to the state. */
  isLargest: boolean;
  terms: NoteTerms;
}

/** Behind a load at which a class says nothing: what stands for it is ours. A note says it once. */
export const NO_LIMIT = ' (no standard gives a limit there: unqualified)';

/** Marks of footnotes are of as many of these as there are footnotes before. */
const MARK = '*';

/**
 * One note for several states, as a table in a line: what they have in common, how they are added, names of the columns, then
 * figures alone by state, and footnotes. @param how they are added: `linearly`, `in quadrature`
 */
export function sayStates(states: readonly StateNote[], how: string): string {
  const head = headOf(states);
  const shared = states.filter(({ terms }) => terms.head === head);
  const names = [...new Set(shared.flatMap(({ terms }) => terms.figures.map(([name]) => name)))];
  const valueOf = ({ terms }: StateNote, name: string) =>
    terms.figures.find(([own]) => own === name)?.[1] ?? '';
  const isCommon = (name: string) => shared.every((one) => valueOf(one, name) === valueOf(shared[0]!, name));
  const isAlike = shared.length > 1 && shared.length === states.length;
  const common = isAlike ? names.filter(isCommon) : [];
  const columns = names.filter((name) => !common.includes(name));
  const footnotes = [...new Set(states.map(({ terms }) => terms.outside).filter((text) => text !== ''))];
  // States that are alike in all that is told stand together.
  const told = new Map<string, string[]>();
  for (const one of states) {
    const isShared = one.terms.head === head;
    const mark = MARK.repeat(footnotes.indexOf(one.terms.outside) + 1);
    const figures = isShared ? columns.map((name) => valueOf(one, name)).filter((text) => text !== '') : [];
    const own = isShared || one.terms.head === '' ? '' : ` [${one.terms.head}]`;
    const text = `${[...figures, one.percent].join(', ')}${one.isLargest ? '!' : ''}${mark}${own}`;
    told.set(text, [...(told.get(text) ?? []), one.name]);
  }
  const legend = [
    ...columns,
    'u in %',
    ...(states.some(({ isLargest }) => isLargest) ? ['! its largest'] : []),
  ];
  const same = common.map((name) => `${name} = ${valueOf(states[0]!, name)}`);
  const rows = [...told].map(([text, names]) => `${names.join('/')} ${text}`);
  const notes = footnotes.map((text, index) => `${MARK.repeat(index + 1)} ${text.replaceAll(NO_LIMIT, '')}`);
  return [
    ...(head === '' ? [] : [[head, ...same].join(', ')]),
    `states added ${how} (${legend.join(', ')}): ${rows.join('; ')}`,
    ...notes,
  ]
    .join('; ')
    .concat(footnotes.some((text) => text.includes(NO_LIMIT)) ? NO_LIMIT : '');
}

/** What most states have for a head; empty where each has another one. */
function headOf(states: readonly StateNote[]): string {
  const heads = states.map(({ terms }) => terms.head);
  const countOf = (head: string) => heads.filter((other) => other === head).length;
  const withFigures = states.find(({ terms }) => terms.figures.length > 0)?.terms.head;
  if (withFigures !== undefined) return withFigures;
  const [first = ''] = heads.toSorted((a, b) => countOf(b) - countOf(a));
  return countOf(first) > 1 ? first : '';
}
