import { agoText, countText, element } from './format.js';

// Agents: whether they are there, what they could not read, and what is still on its way.

/** The list of agents, or what to do when there is none. */
export function agentsView(agents, nowMs, speed) {
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
  for (const agent of agents) list.append(agentEntry(agent, nowMs, speed));
  return list;
}

function agentEntry({ id, online, version, lastSeenMs, health, chain, key }, nowMs, speed) {
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
    addFact(facts, 'Readings', countText(health.spool.samples.sampled));
    if (health.spool.samples.dropped > 0)
      addFact(facts, 'Dropped', countText(health.spool.samples.dropped)).classList.add('low');
  } else if (chain !== null) {
    addFact(facts, 'Records', countText(chain.records));
  }
  addFact(facts, 'Version', version || '–');
  entry.append(facts);

  const problems = element('ul', 'problems');
  const say = (text) => problems.append(element('li', 'problem', text));
  if (!online) say('The broker has lost this agent. Is its gateway on, and the network between?');
  for (const source of health?.sources ?? []) {
    if (!source.up) say(`${source.id} is down: ${source.reason || 'no answer'}`);
    if (source.insecure === true) say(`${source.id} is read without security (allowInsecure)`);
  }
  if (health !== null && health.spool.records.rejected > 0)
    say(`${countText(health.spool.records.rejected)} records were rejected; they are kept in its quarantine`);
  if (health !== null && health.clock.state !== 'synced') say(`Its clock is ${health.clock.state}`);
  if (chain !== null && chain.headSeq > chain.contiguousSeq)
    say(`${countText(chain.headSeq - chain.contiguousSeq)} records wait for ones before them`);
  if (problems.childElementCount > 0) entry.append(problems);
  // Nothing is wrong yet, and nothing is lost: it only proves less.
  if (key !== undefined && !key.confirmed)
    entry.append(
      element(
        'p',
        'note',
        `Key ${key.fingerprint} is not confirmed yet: compare it with what the agent prints.`,
      ),
    );
  return entry;
}

function addFact(list, label, value) {
  const pair = element('div');
  const shown = element('dd', '', value);
  pair.append(element('dt', '', label), shown);
  list.append(pair);
  return shown;
}
