import { describeError } from '../../protocols/errors.ts';
import type { Log } from '../../protocols/log.ts';
import type { ExportSource } from '../exports/make-export.ts';
import { criteriaOf, type PactEvent } from '../footprint/exports/pact/api/cloud-event.ts';
import { createCriteriaFilter } from '../footprint/exports/pact/api/footprint-criteria.ts';
import { refusal, type PactAnswer } from '../footprint/exports/pact/api/pact-answer.ts';
import { isRequest } from '../footprint/exports/pact/api/receive-event.ts';
import { replyTo, type EventPorts } from '../footprint/exports/pact/api/send-event.ts';
import { startDelivery } from './deliver-events.ts';
import { EventQueue, type EventState } from './event-queue.ts';
import { keepEvent, writeEvent } from './kept-event.ts';
import { FootprintBook, type BookedFootprint } from './footprint-book.ts';
import { openPactFile } from './pact-file.ts';
import { isGrantedTo, type PactPartner, type PactPlan } from './pact-plan.ts';
import { createTeller, eventPorts, WAITING_MOST } from './tell-partners.ts';
import { publishFootprints, type PublishedCount } from './publish-footprints.ts';

const PUBLISH_EVERY_MS = 3_600_000;
const FIRST_LOOK_MS = 10_000;
/** A request that more fit is rejected: the list has pages, an event has none. */
const SENT_MOST = 100;

/** What a host is given. */
export interface PactHostOptions {
  plan: PactPlan;
  dataFolder: string;
  from: () => ExportSource;
  version: string;
  wallMs: () => number;
  random: () => number;
  log: Log;
  /** False in tests that publish by hand; true without. */
  isPublishing?: boolean;
}

/** Counts for /metrics. */
export interface PactStats {
  active: number;
  deprecated: number;
  /** Subjects and periods that could not be published at the last look. */
  refused: number;
  events: Record<EventState, number>;
}

/** Everything of a PACT host but its server: what is published, and what partners are told. */
export interface PactHost {
  plan: PactPlan;
  book: Pick<FootprintBook, 'all' | 'textOf'>;
  /** Looks at everything that is offered, now. */
  publish: () => Promise<PublishedCount>;
  /** Sees to an event that a partner sent: an answer that is owed is on disk when it returns. Undefined where it was taken. */
  take: (event: PactEvent, partner: PactPartner) => PactAnswer | undefined;
  /** Tries all events that are due, once. */
  deliver: () => Promise<void>;
  stats: () => PactStats;
  stop: () => Promise<void>;
}

/** Opens what was published and goes on publishing and telling until stopped. Throws as `openPactFile`. */
export function openPactHost(options: PactHostOptions): PactHost {
  const { plan, from, version, wallMs, random, log } = options;
  const db = openPactFile(options.dataFolder);
  const book = new FootprintBook(db);
  const queue = new EventQueue(db);
  const write = (kept: string) => writeEvent(kept, (id) => book.textOf(id));
  const delivery = startDelivery({ queue, partners: plan.partners, write, wallMs, random, log });
  const stopped = new AbortController();
  let publishing: Promise<PublishedCount> | undefined;

  const ports = (): EventPorts => eventPorts(plan.url, wallMs());
  const tell = createTeller({ ...plan, queue, wallMs, log });
  const publish = (): Promise<PublishedCount> =>
    (publishing ??= publishFootprints({ plan, book, from, version, wallMs, log, tell }, stopped.signal)
      .then((count) => {
        if (count.published > 0) log.info({ footprints: count.published }, 'Footprints were published.');
        return count;
      })
      .finally(() => {
        publishing = undefined;
        delivery.wake();
      }));
  const publishSafely = (): void => {
    publish().catch((error: unknown) =>
      log.error({ reason: describeError(error) }, 'Footprints could not be published.'),
    );
  };
  const timers =
    (options.isPublishing ?? true)
      ? [setTimeout(publishSafely, FIRST_LOOK_MS), setInterval(publishSafely, PUBLISH_EVERY_MS)]
      : [];
  for (const timer of timers) timer.unref();

  return {
    plan,
    book,
    publish,
    take: (event, partner) => {
      log.info({ partner: partner.id, event: event.id, type: event.type }, 'A partner sent an event.');
      if (!isRequest(event)) return undefined;
      if (partner.events === null)
        return refusal(
          'NotImplemented',
          'No address for your events is known here: tell it to the data owner.',
        );
      if (queue.waitingFor(partner.id) >= WAITING_MOST)
        return refusal(
          'BadRequest',
          'Too many answers to you wait: your address for events takes none.',
          429,
        );
      const isGranted = (footprint: BookedFootprint) => isGrantedTo(partner, footprint);
      const isFitting = createCriteriaFilter(criteriaOf(event));
      const fitting = book.all().filter((one) => isGranted(one) && isFitting(one));
      const few = fitting.length <= SENT_MOST ? fitting : [];
      const reply = replyTo(event, few, { isGranted: () => true }, ports());
      if (fitting.length > SENT_MOST && 'error' in reply.data)
        reply.data.error = {
          code: 'BadRequest',
          message: `${fitting.length} footprints fit; an event has at most ${SENT_MOST}: ask for less, or list them.`,
        };
      queue.add(partner.id, keepEvent(reply), wallMs());
      delivery.wake();
      return undefined;
    },
    deliver: () => delivery.run(),
    stats: () => {
      const active = book.all().filter(({ status }) => status === 'Active').length;
      return {
        active,
        deprecated: book.all().length - active,
        refused: book.refusals().length,
        events: queue.counts(),
      };
    },
    stop: async () => {
      stopped.abort();
      for (const timer of timers) clearTimeout(timer);
      await publishing?.catch(() => undefined);
      await delivery.stop();
      db.close();
    },
  };
}
