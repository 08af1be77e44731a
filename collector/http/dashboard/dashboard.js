import { agentsView } from './agents-view.js';
import { followLive, getJson, hasToken, keepToken, NeedsToken } from './collector-client.js';
import {
  element,
  energyText,
  powerText,
  secondText,
  shortDayText,
  startOfDay,
  timeText,
  zoneName,
} from './format.js';
import { linkOf, readLink } from './hour-link.js';
import { createHourPanel } from './hour-panel.js';
import { createHoursSection } from './hours-section.js';
import { createMachineCard, sumHours } from './machine-card.js';
import { STATES, wordOf } from './states.js';

// Puts the page together: asks the collector, and hands each part what it shows.

const DAY_MS = 86_400_000;
const REFRESH_MS = 20_000;
const FAST_REFRESH_MS = 2_000;
const AGENTS_EVERY_MS = 5_000;

const at = (id) => document.getElementById(id);
const cards = new Map();
const live = new Map();
const hoursOf = new Map();
const todayOf = new Map();
const clock = { nowMs: Date.now(), speed: 1, readAt: performance.now() };
let lastAliveMs = null;

/** The collector's time, which runs fast in a simulation that catches up. */
const nowMs = () => clock.nowMs + (performance.now() - clock.readAt) * clock.speed;

/** The day of the site's calendar that runs now: everything of today is of it. */
let siteDay = null;

function setClock({ nowMs: wallMs, speed }) {
  Object.assign(clock, { nowMs: wallMs, speed, readAt: performance.now() });
  showSimulation();
}

let simulated = false;
function showSimulation() {
  at('simulated').hidden = !simulated;
  const isFast = clock.speed > 1.01;
  at('simulated-text').textContent = isFast
    ? `No real meter is read here. Time runs ${Math.round(clock.speed)} times as fast until it has caught up: it is ${shortDayText(nowMs())}, ${secondText(nowMs())}.`
    : 'Meters and machines on this page are made up by a program; no real meter is read.';
}

async function showSite() {
  const site = await getJson('/api/v1/site');
  simulated = site.simulated;
  siteDay = site.day;
  setClock(site);
  at('site').textContent = site.site;
  document.title = `${site.site} · millwatt`;
  at('version').textContent = `Version ${site.version}`;
  at('zone').textContent =
    `Times in ${zoneName()}, the zone of this browser. Machine-hours begin on the hour in UTC. Today is the day of the site's calendar in ${siteDay.zone}. Per powered hour: all its energy by the hours in which the machine was switched on.`;
}

async function showMachines() {
  if (nowMs() >= siteDay.toMs) await showSite();
  const { machines } = await getJson('/api/v1/machines');
  const place = at('machines');
  at('summary').hidden = machines.length === 0;
  at('hours-section').hidden = machines.length === 0;
  at('legend').hidden = machines.length === 0;
  if (machines.length === 0) {
    place.replaceChildren(noMachines());
    return;
  }
  place.querySelector('.empty')?.remove();
  for (const machine of machines) {
    if (cards.has(machine.id)) continue;
    const card = createMachineCard(machine);
    cards.set(machine.id, card);
    place.append(card.node);
    card.showLive(live.get(machine.id) ?? { ...machine, atMs: machine.atMs ?? 0, down: [] }, clock.speed);
    void fillSparkline(machine.id, card);
  }
  hoursSection.showMachines(machines);
  followLink();
  await Promise.all(machines.map(({ id }) => showDay(id)));
  showSummary();
  hoursSection.show(hoursOf);
}

async function fillSparkline(id, card) {
  const { points } = await getJson(
    `/api/v1/series?machine=${id}&channel=supply.activePower&step=1min&from=${Math.round(nowMs() - 600_000)}&to=${Math.round(nowMs())}`,
  ).catch(() => ({ points: [] }));
  card.fillSparkline(points.map(({ fromMs, mean }) => [fromMs + 30_000, mean]));
}

async function showDay(id) {
  const toMs = Math.round(nowMs());
  const { fromMs: sinceMs } = siteDay;
  const fromMs = Math.min(toMs - DAY_MS, startOfDay(toMs), sinceMs);
  const [series, { hours }, { spans }] = await Promise.all([
    // A machine without a supply meter has no such channel: that is an empty chart, not an error.
    getJson(
      `/api/v1/series?machine=${id}&from=${toMs - DAY_MS}&to=${toMs}&step=${cards.get(id).stepMinutes()}min`,
    ).catch(() => ({
      points: [],
      stepMs: 60_000,
    })),
    getJson(`/api/v1/machines/${id}/hours?from=${fromMs - 3_600_000}&to=${toMs}`),
    // More changes than the collector tells at once: the table of hours has them in figures.
    getJson(`/api/v1/machines/${id}/states?from=${toMs - DAY_MS}&to=${toMs}`).catch(() => ({ spans: [] })),
  ]);
  hoursOf.set(id, hours);
  const today = await readToday(id, hours, toMs);
  todayOf.set(id, today);
  cards
    .get(id)
    ?.showDay({ points: series.points, stepMs: series.stepMs, today, sinceMs, spans, nowMs: toMs });
}

/** The hours of the site's day; the day itself where it does not begin with an hour of UTC. */
async function readToday(id, hours, toMs) {
  const { fromMs } = siteDay;
  if (fromMs % 3_600_000 === 0) return hours.filter(({ hourMs }) => hourMs >= fromMs);
  if (toMs <= fromMs) return [];
  const { periods } = await getJson(`/api/v1/machines/${id}/periods?kind=day&from=${fromMs}&to=${toMs}`);
  return periods;
}

function showSummary() {
  const machines = [...live.values()].filter(({ stale }) => !stale);
  const known = machines.filter(({ powerW }) => powerW !== null);
  const totalW = known.reduce((sum, { powerW }) => sum + powerW, 0);
  at('total-power').textContent = known.length === 0 ? '–' : powerText(totalW);
  at('total-power-label').textContent =
    known.length === cards.size ? 'power now' : `power now of ${known.length} of ${cards.size} machines`;
  const processing = machines.filter(({ state }) => state === 'processing').length;
  at('total-processing').textContent = `${processing} of ${cards.size}`;
  at('total-energy').textContent = energyText(sumHours([...todayOf.values()].flat()).energyMwh);
  at('total-energy-label').textContent = `energy since ${timeText(siteDay.fromMs)}`;
}

const hoursSection = createHoursSection({
  places: {
    choice: at('hours-choice'),
    kinds: at('kinds-choice'),
    table: at('hours'),
    findings: at('findings'),
  },
  nowMs,
  open(machine, hourMs) {
    location.hash = linkOf(machine, hourMs);
  },
});

const panel = createHourPanel({
  onGo(hourMs) {
    history.replaceState(null, '', linkOf(readLink(location.hash).machine, hourMs));
    followLink();
  },
  onClose({ hourMs }) {
    if (readLink(location.hash) !== null) history.replaceState(null, '', location.pathname);
    hoursSection.focusHour(hourMs);
  },
  onNeedsToken: () => askToken(),
});
document.body.append(panel.node);

/** Opens the hour that the address names, if it is one of a machine that is here; closes the panel if it names none. */
function followLink() {
  const link = readLink(location.hash);
  const card = link === null ? undefined : cards.get(link.machine);
  if (card === undefined) {
    if (link === null && panel.node.open) panel.close();
    return;
  }
  panel.open({ ...link, name: card.name });
}
addEventListener('hashchange', followLink);

async function showAgents() {
  const [{ agents }, { alarms }] = await Promise.all([getJson('/api/v1/agents'), getJson('/api/v1/alarms')]);
  at('alarm').hidden = alarms.length === 0;
  at('alarm').textContent = alarms
    .map(
      ({ part, reason, cure, lagRecords }) =>
        `${reason}.${part === 'influx' ? ` Nothing is lost: ${lagRecords} records wait in the ledger.` : ''} ${cure}`,
    )
    .join('\n');
  at('agents').replaceChildren(agentsView(agents, nowMs(), { speed: clock.speed, simulated }));
}

function noMachines() {
  const empty = element('div', 'empty');
  empty.append(
    element('p', '', 'No machine has sent anything yet. To see one here:'),
    element(
      'pre',
      '',
      'millwatt probe -c agent.yaml    # are the meters answering?\nmillwatt agent -c agent.yaml    # deliver their readings',
    ),
    element('p', '', 'To look around without a meter, run: millwatt demo'),
  );
  return empty;
}

function showLink(state) {
  const isLive = state === 'live';
  if (isLive) lastAliveMs = nowMs();
  const link = at('link');
  if (link.dataset.state === state && isLive) return;
  link.dataset.state = state;
  const since = lastAliveMs === null ? '' : `, values from ${secondText(lastAliveMs)}`;
  link.textContent = isLive ? 'Live' : `Connection lost${since}. Trying again`;
  document.body.classList.toggle('stale', !isLive);
}

function takeEvent(event, data) {
  if (event === 'beat') setClock(data);
  if (event !== 'machine') return;
  live.set(data.machine, data);
  cards.get(data.machine)?.showLive(data, clock.speed);
  if (!cards.has(data.machine)) refreshSoon();
  showSummary();
}

let refreshing = false;
async function refresh() {
  if (refreshing) return;
  refreshing = true;
  try {
    await showMachines();
  } finally {
    refreshing = false;
  }
}

/** A machine that nobody knew has spoken: its card need not wait for the next turn. */
let newcomers;
function refreshSoon() {
  newcomers ??= setTimeout(() => {
    newcomers = undefined;
    void refresh().catch(showProblem);
  }, 300);
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Calls again and again; what goes wrong is said on the page, and a missing token ends it. */
async function repeat(work, everyMs) {
  for (;;) {
    try {
      await work();
      at('problem').hidden = true;
    } catch (error) {
      if (error instanceof NeedsToken) {
        askToken();
        return;
      }
      showProblem(error);
    }
    await pause(everyMs());
    // Nobody looks: nothing is asked.
    while (document.hidden) await pause(500);
  }
}

function showProblem(error) {
  // Without a connection the mark at the top says so already.
  at('problem').hidden = at('link').dataset.state !== 'live';
  at('problem').textContent = `The collector could not answer: ${error.message}`;
}

function askToken(problem = '') {
  at('content').hidden = true;
  at('sign-in').hidden = false;
  at('clock').hidden = true;
  at('links').hidden = true;
  at('sign-in-problem').textContent = problem;
  at('link').dataset.state = 'lost';
  at('link').textContent = 'Not signed in';
  at('token').focus();
}

async function start() {
  try {
    await showSite();
  } catch (error) {
    if (error instanceof NeedsToken) askToken();
    else setTimeout(() => void start(), 2_000);
    return;
  }
  at('content').hidden = false;
  at('sign-in').hidden = true;
  at('clock').hidden = false;
  // A link cannot carry the token along.
  at('links').hidden = hasToken();
  followLive(takeEvent, showLink).catch(() => askToken());
  void repeat(refresh, () => (clock.speed > 1.01 ? FAST_REFRESH_MS : REFRESH_MS));
  void repeat(showAgents, () => AGENTS_EVERY_MS);
}

async function signIn() {
  keepToken(at('token').value.trim());
  try {
    await getJson('/api/v1/site');
    await start();
  } catch (error) {
    askToken(error instanceof NeedsToken ? 'That is not the token of this collector.' : error.message);
  }
}

at('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  void signIn();
});

at('legend').append(
  ...STATES.map((state) => {
    const entry = element('li', '', wordOf(state));
    entry.dataset.state = state;
    return entry;
  }),
);
function showClock() {
  at('clock').textContent = `${shortDayText(nowMs())}, ${secondText(nowMs())}`;
  if (clock.speed > 1.01) showSimulation();
}
showClock();
setInterval(showClock, 500);
void start();
