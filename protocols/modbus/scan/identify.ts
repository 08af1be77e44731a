import { detailRequest, identityRequest, judgeIdentity, readDetail } from '../profile/identity-reader.ts';
import { rankCandidates, type Candidate, type Evidence } from './identify-rank.ts';
import { NARROWING_ENOUGH, type Suspect, type Suspects } from './identify-suspects.ts';
import type { IdentifyTalk } from './identify-talk.ts';
import { seePlausibility, seePoints, type SeenValue } from './identify-values.ts';
import type { DeviceDetail, DeviceProfile, IdentityCheck } from '../profile/profile.ts';

/** What a device tells of itself. */
export type Details = Partial<Record<DeviceDetail['is'], string>>;

/** What was found out about a device. */
export interface Identification {
  /** Best first; those whose `rank` is 1 cannot be told apart. Empty for a Modbus device of unknown kind. */
  candidates: Candidate[];
  details: Details;
  /** Vendor (0), product code (1), revision (2), where the device answers function 43. */
  identification: ReadonlyMap<number, string> | null;
  /** Voltages, frequency and power, read as the best candidate has them. */
  values: SeenValue[];
  /** True when not one request for registers was answered with registers. */
  refusesAll: boolean;
  /** Requests that were made. */
  requests: number;
}

/**
 * Which device is it? Registers that identify a model come first, and end it where they are sure; then function 43/14;
 * then the voltages and the frequency of every profile that is left, of which at least two must be what a mains has.
 * Reads only. Makes at most `suspects.requestsMax` requests. Rejects only when the talk does.
 */
export async function identifyDevice(talk: IdentifyTalk, suspects: Suspects): Promise<Identification> {
  const evidence = new Map<Suspect, Evidence>(
    suspects.list.map((suspect) => [
      suspect,
      { suspect, held: [], mismatch: undefined, refused: [], named: undefined, vendor: undefined },
    ]),
  );
  const all = [...evidence.values()];
  let settled = await checkIdentities(talk, all);
  const identification = settled.length > 0 ? null : await talk.readIdentification();
  if (identification !== null) settled = compareNames(all, identification);
  const open = settled.length > 0 ? settled : all.filter((one) => one.mismatch === undefined);
  for (const one of byCommonRequest(open))
    one.plausibility ??= await seePlausibility(talk, one.suspect.profile);

  let candidates = rankCandidates(open);
  const asked = talk.requests;
  const details: Details = {};
  for (const { profile } of candidates.filter(({ rank }) => rank === 1)) {
    if (talk.requests - asked < NARROWING_ENOUGH)
      Object.assign(details, await readDetails(talk, profile), details);
  }
  nameByDetails(open, details);
  candidates = rankCandidates(open);
  const ties = candidates.filter(({ rank }) => rank === 1);
  for (const one of open) {
    if (ties.length < 2 || !ties.some(({ profile }) => profile === one.suspect.profile)) continue;
    if (talk.requests - asked >= NARROWING_ENOUGH) break;
    one.power = await seePower(talk, one.suspect.profile);
  }
  candidates = rankCandidates(open);
  const [best] = candidates;
  const of = open.find(({ suspect }) => suspect.profile === best?.profile);
  return {
    candidates,
    details,
    identification,
    values:
      of === undefined || best === undefined
        ? []
        : [...(of.plausibility?.seen ?? []), ...(of.power ?? (await seePower(talk, best.profile)))],
    refusesAll: !talk.hasRegisters,
    requests: talk.requests,
  };
}

/** Makes the identity requests, those that most profiles share first; the suspects that are sure now. */
async function checkIdentities(talk: IdentifyTalk, all: readonly Evidence[]): Promise<Evidence[]> {
  const withChecks = all.filter(({ suspect }) => suspect.profile.identity.length > 0);
  const keyOf = ({ suspect }: Evidence) => firstKey(suspect.profile);
  const groups = Map.groupBy(withChecks, keyOf);
  for (const group of [...groups.values()].sort((a, b) => b.length - a.length)) {
    for (const one of group) await checkOne(talk, one);
    const held = group.filter((one) => isHeld(one));
    if (held.length === 0) continue;
    for (const one of held) one.plausibility = await seePlausibility(talk, one.suspect.profile);
    const sure = held.filter((one) => isStrong(one.held) || one.plausibility?.isPlausible === true);
    if (sure.length > 0) return sure;
  }
  return [];
}

async function checkOne(talk: IdentifyTalk, one: Evidence): Promise<void> {
  const { profile } = one.suspect;
  for (const check of profile.identity) {
    const answer = await talk.read(identityRequest(check));
    if (!('registers' in answer)) one.refused.push(check.title);
    else if (judgeIdentity(check, answer.registers, profile)) one.held.push(check);
    else {
      one.mismatch = check.title;
      return;
    }
  }
}

function isHeld({ held, suspect }: Evidence): boolean {
  return held.length > 0 && held.length === suspect.profile.identity.length;
}

/** Text is no accident, and neither are two checks; a single number may be. */
function isStrong(held: readonly IdentityCheck[]): boolean {
  return held.length > 1 || held.some(({ type }) => type === 'ascii');
}

/** Compares vendor and product code with vendors, models and aliases; the suspects whose model is named. */
function compareNames(all: readonly Evidence[], identification: ReadonlyMap<number, string>): Evidence[] {
  const vendor = plain(identification.get(0) ?? '');
  const product = plain(identification.get(1) ?? '');
  for (const one of all) {
    const { profile } = one.suspect;
    const isVendor =
      vendor.length >= 3 &&
      (vendor.includes(plain(profile.vendor)) || plain(profile.vendor).includes(vendor));
    if (isVendor) one.vendor = identification.get(0);
    const names = [...profile.models, ...profile.aliases].map(plain);
    const isModel = names.some((name) => name.length >= 4 && product.includes(name));
    if (isVendor && isModel && one.mismatch === undefined)
      one.named = `it says that it is ${identification.get(0)} ${identification.get(1)} (function 43)`;
  }
  return all.filter(({ named }) => named !== undefined);
}

/** An order number or model name in which exactly some of the suspects find theirs, and a model name in which one does not. */
function nameByDetails(open: readonly Evidence[], { model, orderNumber }: Details): void {
  for (const one of open) {
    const names = [...one.suspect.profile.models, ...one.suspect.profile.aliases];
    const inModel = names.find(
      (name) => model !== undefined && plain(name).length >= 3 && plain(model).includes(plain(name)),
    );
    const inOrder = names.find((name) => {
      const [digits] = /\d{4,}/.exec(name) ?? [];
      return digits !== undefined && orderNumber?.includes(digits) === true;
    });
    if (inModel !== undefined) one.named ??= `its model name ${model} holds ${inModel}`;
    else if (inOrder !== undefined) one.named ??= `its order number ${orderNumber} holds that of ${inOrder}`;
    else if (model !== undefined && one.suspect.profile.details.some(({ is }) => is === 'model'))
      one.otherModel = model;
  }
}

async function readDetails(talk: IdentifyTalk, profile: DeviceProfile): Promise<Details> {
  const details: Details = {};
  for (const detail of profile.details) {
    const answer = await talk.readCovered(detailRequest(detail));
    const text = 'registers' in answer ? readDetail(detail, answer.registers, profile) : null;
    if (text !== null && text !== '0') details[detail.is] ??= text;
  }
  return details;
}

/** Active power and the energy it is counted in: what a profile is there for. */
function seePower(talk: IdentifyTalk, profile: DeviceProfile): Promise<SeenValue[]> {
  const points = ['activePower', 'activeEnergyImport'].flatMap((quantity) =>
    profile.points.filter(
      (point) => point.quantity === quantity && point.phase === 'total' && point.scaleFrom === undefined,
    ),
  );
  return seePoints(talk, profile, points);
}

/** Profiles that begin with the same request stand together, the longest first: its answer serves the shorter ones. */
function byCommonRequest(open: readonly Evidence[]): Evidence[] {
  return open.toSorted((a, b) => b.suspect.profile.points.length - a.suspect.profile.points.length);
}

function firstKey(profile: DeviceProfile): string {
  const [check] = profile.identity;
  return check === undefined ? '' : JSON.stringify(identityRequest(check));
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
