import type { PactAnswer } from './pact-answer.ts';
import { refusal } from './pact-answer.ts';
import { refuseCaller, type PactCaller } from './pact-caller.ts';
import {
  criteriaOf,
  EVENT_MEDIA_TYPE,
  eventFaults,
  type PactEvent,
  type RequestCreatedEvent,
} from './cloud-event.ts';

/** What to answer to an event, and the event itself when it was taken: what follows from it is the server's. */
export interface Received {
  answer: PactAnswer;
  event: PactEvent | null;
}

/**
 * PACT's action Events. What is taken is answered with 200 and nothing else; the answer to a request follows as an event of
 * its own (`replyTo`). What is no event of PACT, or a request without any criterion, is refused at once.
 */
export function receiveEvent(
  { contentType, body }: { contentType: string; body: string },
  caller: PactCaller,
): Received {
  const refused = refuseCaller(caller);
  if (refused !== undefined) return { answer: refused, event: null };
  const [mediaType = ''] = contentType.split(';');
  if (mediaType.trim().toLowerCase() !== EVENT_MEDIA_TYPE)
    return refuse(`Events come as ${EVENT_MEDIA_TYPE}.`);
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    return refuse('The body is no JSON.');
  }
  const faults = eventFaults(event);
  if (faults.length > 0) return refuse(faults.slice(0, FAULTS_TOLD).join(' | '));
  if (isRequest(event as PactEvent) && !Object.values(criteriaOf(event as RequestCreatedEvent)).flat().length)
    return refuse('data: a request has to name at least one criterion, such as productId.');
  return { answer: { status: 200, headers: {}, body: null }, event: event as PactEvent };
}

/** Whether an event asks for footprints, so that an answer is owed. */
export function isRequest(event: PactEvent): event is RequestCreatedEvent {
  return event.type === 'org.wbcsd.pact.ProductFootprint.RequestCreatedEvent.3';
}

/** Faults told at most: one is enough to be refused for. */
const FAULTS_TOLD = 5;

const refuse = (message: string): Received => ({ answer: refusal('BadRequest', message), event: null });
