/*
 * Reads back a page that we wrote: a small part of HTML, strictly. What is not named here is a fault, so that nothing can
 * stand in a page that runs, asks somebody for something or looks like what it is not.
 */

/** A text of the record as the page has it. */
export interface FoundText {
  path: string;
  text: string;
}

/** A page as it was read. */
export interface ReadPage {
  found: FoundText[];
  /** Texts of style sheets. */
  styles: string[];
  /** Content of each `meta` with `http-equiv`, by its name. */
  equivalents: Map<string, string>;
  faults: string[];
}

const VOID = new Set(['meta', 'col', 'br']);
/** Elements and the attributes that each may have. */
const ELEMENTS: Readonly<Record<string, readonly string[]>> = {
  html: ['lang'],
  head: [],
  meta: ['charset', 'http-equiv', 'name', 'content'],
  title: [],
  style: [],
  body: [],
  main: [],
  article: ['class'],
  header: [],
  section: ['id'],
  div: ['class'],
  p: ['class'],
  h1: [],
  h2: [],
  span: ['class', 'data-of'],
  a: ['href'],
  bdi: [],
  br: [],
  table: ['class'],
  caption: [],
  colgroup: [],
  col: ['class'],
  thead: [],
  tbody: [],
  tr: [],
  th: ['scope', 'class'],
  td: ['class'],
  svg: ['class', 'viewBox', 'role', 'aria-hidden'],
  path: ['class', 'd'],
  rect: ['class', 'x', 'y', 'width', 'height'],
  text: ['x', 'y', 'text-anchor'],
};
const DOCTYPE = '<!doctype html>';
const TAG = /<(\/?)([a-z][a-z0-9]*)((?: [a-zA-Z-]+="[^"<>]*")*)(\/?)>/y;
const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"' };

/** Reads a page; faults name the place by its line. */
export function readPage(content: string): ReadPage {
  const page: ReadPage = { found: [], styles: [], equivalents: new Map(), faults: [] };
  const ids = new Set<string>();
  const links: string[] = [];
  const open: { name: string; path: string | undefined; text: string }[] = [];
  const fault = (at: number, what: string) =>
    page.faults.push(`line ${content.slice(0, at).split('\n').length}: ${what}`);
  const say = (raw: string, at: number) => {
    const text = raw.replaceAll(/&[^;\s]*;?/g, (entity) => {
      const known = ENTITIES[entity];
      if (known === undefined) fault(at, `${entity} is no entity of a report`);
      return known ?? entity;
    });
    if (/[<>]/.test(raw) && open.at(-1)?.name !== 'style')
      fault(at, `${raw.trim().slice(0, 40)} is no tag of a report`);
    for (const element of open) element.text += text;
  };
  if (!content.startsWith(DOCTYPE)) fault(0, 'is not HTML');
  let at = content.startsWith(DOCTYPE) ? DOCTYPE.length : 0;
  while (at < content.length) {
    TAG.lastIndex = at;
    const tag = TAG.exec(content);
    if (tag === null) {
      const next = content.indexOf('<', at + 1);
      const end = next === -1 ? content.length : next;
      say(content.slice(at, end), at);
      at = end;
      continue;
    }
    const [all, slash = '', name = '', raw = '', selfClosing = ''] = tag;
    if (slash === '/') {
      const last = open.pop();
      if (last?.name !== name) fault(at, `${all} closes ${last?.name ?? 'nothing'}`);
      if (last?.path !== undefined) page.found.push({ path: last.path, text: last.text });
      if (last?.name === 'style') page.styles.push(last.text);
    } else {
      const attributes = attributesOf(raw, (what) => fault(at, what));
      judge(name, attributes, (what) => fault(at, `<${name}> ${what}`));
      const id = attributes.get('id');
      if (id !== undefined && ids.has(id)) fault(at, `${id} is the id of two elements`);
      if (id !== undefined) ids.add(id);
      const href = attributes.get('href');
      if (href !== undefined) links.push(href);
      const equivalent = attributes.get('http-equiv');
      if (equivalent !== undefined) page.equivalents.set(equivalent, attributes.get('content') ?? '');
      if (!VOID.has(name) && selfClosing !== '/')
        open.push({ name, path: attributes.get('data-of'), text: '' });
    }
    at += all.length;
  }
  for (const { name } of open) page.faults.push(`<${name}> is never closed`);
  for (const link of links)
    if (!link.startsWith('#') || !ids.has(link.slice(1)))
      page.faults.push(`the link to ${link} leads nowhere within the page`);
  return page;
}

function attributesOf(raw: string, fault: (what: string) => void): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = '', value = ''] of raw.matchAll(/ ([a-zA-Z-]+)="([^"]*)"/g)) {
    if (attributes.has(name)) fault(`${name} stands twice`);
    attributes.set(
      name,
      value.replaceAll(/&(?:amp|lt|gt|quot);/g, (entity) => ENTITIES[entity] ?? entity),
    );
  }
  return attributes;
}

function judge(name: string, attributes: ReadonlyMap<string, string>, fault: (what: string) => void): void {
  const allowed = Object.hasOwn(ELEMENTS, name) ? ELEMENTS[name] : undefined;
  if (allowed === undefined) return fault('is no element of a report');
  for (const [attribute, value] of attributes) {
    if (!allowed.includes(attribute)) fault(`has ${attribute}, which no report has`);
    else if (attribute !== 'content' && attribute !== 'data-of' && /[:()]/.test(value))
      fault(`has ${attribute}="${value}"`);
  }
}
