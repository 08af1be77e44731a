import { agoText, countText, durationText, element, secondText, shortDayText, startOfDay } from './format.js';

// Agents: whether they are there, what they could not read, and what is still on its way.

/** A clock that is off by more is told, ms. */
const CLOCK_OFF_MS = 5000;
/** A spool that was full is told of for so long afterwards, ms. */
const FULL_TOLD_MS = 7 * 86_400_000;

/** The list of agents, or what to do when there is none. */
export function agentsView(agents, nowMs, { speed, simulated }) {
  if (agents.length === 0) {
    const empty = element('div', 'empty');
    empty.append(
      element('p', '', 'No agent has connected yet. On the gateway beside the machines, run:'),
      element('pre', '', 'millwatt check -c agent.yaml\nmillwatt agent -c agent.yaml'),
      element('p', '', "Its broker must be this collector's broker, and its site this site."),
    );
    return empty;
  }
  const list = element('ul', 'agents');
  for (const agent of agents) list.append(agentEntry(agent, nowMs, speed, simulated));
  return list;
}

function agentEntry(
  { id, online, version, lastSeenMs, health, chain, key, clockOffsetMs = 0 },
  nowMs,
  speed,
  simulated,
) {
  const entry = element('li', 'agent');
  const head = element('div', 'agent-head');
  const state = element('span', 'agent-state', online ? 'Online' : 'Offline');
  state.dataset.online = String(online);
  head.append(element('h3', '', id), state);
  entry.append(head);

  const facts = element('dl', 'facts');
  addFact(
    facts,
    'Last seen',
    lastSeenMs === null ? 'not since our start' : agoText((nowMs - lastSeenMs) / speed),
  );
  if (health !== null) {
    const up = health.sources.filter((source) => source.up).length;
    addFact(facts, 'Sources', `${up} of ${health.sources.length} up`);
    addFact(facts, 'Records pending', countText(health.spool.records.pending));
    addFact(facts, 'Readings', countText(readingsOf(health, chain)));
    if (health.spool.samples.dropped > 0)
      addFact(facts, 'Dropped', countText(health.spool.samples.dropped)).classList.add('low');
    if (health.spool.samples.rejected > 0)
      addFact(facts, 'Rejected', countText(health.spool.samples.rejected)).classList.add('low');
    if (health.spool.samples.thinned > 0) addFact(facts, 'Thinned', countText(health.spool.samples.thinned));
  } else if (chain !== null) {
    addFact(facts, 'Records', countText(chain.records));
    addFact(facts, 'Readings', countText(readingsOf(health, chain)));
  }
  addFact(facts, 'Version', version || '–');
  entry.append(facts);

  const problems = element('ul', 'problems');
  const say = (text) => problems.append(element('li', 'problem', text));
  const held = heldRecords(health, chain);
  if (!online && held > 0)
    say(
      `It still had ${held === 1 ? 'one record' : `${countText(held)} records`} to send. Is its gateway on, and the network between?`,
    );
  if ((health?.spool.failing ?? null) !== null)
    say(
      `Its spool cannot be written (${health.spool.failing}). Make room on its disk, or look whether it fails.`,
    );
  // Before its first record is here, nobody knows whether the key took the place of another.
  if (key?.standing === 'other' && chain?.contiguousSeq !== 0)
    say(
      `It signs with key ${key.fingerprint}, not with the one it used before: its records are kept, and are no evidence. Compare it with millwatt keys show on the gateway, then: millwatt keys confirm ${id} ${key.fingerprint}`,
    );
  if (health?.keyRevoked === 'current')
    say(
      'Its key was revoked: its records are refused and wait in its spool. Stop it, give it a new key (millwatt keys rotate), start it, and confirm that one.',
    );
  if (health?.keyRevoked === 'earlier')
    say('Records that it sealed under an earlier key, which was revoked, wait in its spool and are refused.');
  const full = health?.spool.full;
  if (full?.over === false) say(fullText(full, nowMs));
  for (const source of health?.sources ?? []) {
    if (!source.up) say(`${source.id} is down: ${source.reason || 'no answer'}`);
    if (source.insecure === true) say(`${source.id} is read without security (allowInsecure)`);
  }
  if (health !== null && health.spool.records.rejected > 0)
    say(`${countText(health.spool.records.rejected)} records were rejected; they are kept in its quarantine`);
  if (Math.abs(clockOffsetMs) > CLOCK_OFF_MS)
    say(
      `Its clock is ${durationText(Math.abs(clockOffsetMs))} ${clockOffsetMs > 0 ? 'ahead' : 'behind'}: set it by NTP`,
    );
  if (health !== null && health.clock.state !== 'synced') say(`Its clock is ${health.clock.state}`);
  if (chain !== null && chain.headSeq > chain.contiguousSeq)
    say(`${countText(chain.headSeq - chain.contiguousSeq)} records wait for ones before them`);
  if (!online) entry.append(element('p', 'note', offlineText(health, lastSeenMs, nowMs)));
  if (problems.childElementCount > 0) entry.append(problems);
  if (full?.over === true && (full.until === null || nowMs - full.until < FULL_TOLD_MS))
    entry.append(element('p', 'note', fullText(full, nowMs)));
  for (const { id, remarks = [] } of health?.sources ?? [])
    for (const remark of remarks) entry.append(element('p', 'note', `${id}: ${remark}`));
  // Nothing is wrong, and nothing is lost: it only proves less. A simulated plant proves nothing anyway.
  if (key?.standing === 'seen' && !simulated)
    entry.append(
      element(
        'p',
        'note',
        `Key ${key.fingerprint} was taken on first contact. Compare it once with millwatt keys show on its gateway, then: millwatt keys confirm ${id} ${key.fingerprint}`,
      ),
    );
  return entry;
}

/** Its health comes twice a minute: until it tells of readings that are here already, the ledger's own count does. */
function readingsOf(health, chain) {
  return Math.max(health?.spool.samples.sampled ?? 0, chain?.samples ?? 0);
}

/** Records that the agent had when it last told of itself, and that have not come since. */
function heldRecords(health, chain) {
  if (health === null) return 0;
  const { epoch, headSeq, records } = health.spool;
  return chain?.epoch === epoch
    ? Math.min(records.pending, Math.max(0, headSeq - chain.contiguousSeq))
    : records.pending;
}

/** Since when a spool is or was full, what became of the readings, and what helps. */
function fullText({ since, until, over, thinned, dropped }, nowMs) {
  const from = since === null ? '' : ` ${over ? 'from' : 'since'} ${momentText(since, nowMs)}`;
  const to = over && until !== null ? ` to ${momentText(until, nowMs)}` : '';
  const fates = [];
  if (thinned > 0)
    fates.push(
      `${countText(thinned)} readings were thinned out (the kWh of each hour stay exact, its power curve is coarse)`,
    );
  if (dropped > 0) fates.push(`the oldest ${countText(dropped)} readings were dropped and are lost`);
  const cure = over
    ? 'For longer outages give the agent a larger spool.maxSize.'
    : 'What waits is too much for it: keep the broker and this collector running, or give the agent a larger spool.maxSize.';
  return `Its spool ${over ? 'was' : 'is'} full${from}${to}: ${fates.join(', and ')}. ${cure}`;
}

/** A time of day, with its day where that is not today. */
function momentText(atMs, nowMs) {
  const day = startOfDay(atMs) === startOfDay(nowMs) ? '' : `${shortDayText(atMs)}, `;
  return `${day}${secondText(atMs)}`;
}

/** A stopped agent and a lost one look alike from here. */
function offlineText(health, lastSeenMs, nowMs) {
  // Without health, the broker has only told us what it kept: since when is not known.
  if (health === null || lastSeenMs === null) return 'Offline.';
  return `Offline since ${momentText(lastSeenMs, nowMs)}.`;
}

function addFact(list, label, value) {
  const pair = element('div');
  const shown = element('dd', '', value);
  pair.append(element('dt', '', label), shown);
  list.append(pair);
  return shown;
}
