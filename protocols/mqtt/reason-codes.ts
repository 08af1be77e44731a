/** What an MQTT 5 reason code says, as the end of a sentence, and what a person can do about it. */
export interface ReasonWords {
  says: string;
  cure: string;
}

const LOOK = "Look into the broker's own log.";
const RETRY = "Look into the broker's own log; we keep trying.";
const RIGHTS = 'Give this user the right to it in the access list of the broker.';
const LIMITS = 'Raise that limit in the configuration of the broker; we send at most what it announces.';

/** Reason codes of 0x80 and above (MQTT 5, 2.4) that a broker may send to a client of ours. */
const WORDS: ReadonlyMap<number, ReasonWords> = new Map([
  [0x80, { says: 'it gives no reason', cure: RETRY }],
  [
    0x81,
    { says: 'it could not read what we sent', cure: `${LOOK} Something on the way may change packets.` },
  ],
  [0x82, { says: 'it holds that we broke the protocol', cure: `${LOOK} Try broker.mqtt: '3.1.1'.` }],
  [0x83, { says: 'of a rule of its own', cure: LOOK }],
  [0x87, { says: 'we have no right to it', cure: RIGHTS }],
  [0x88, { says: 'it is unavailable', cure: RETRY }],
  [0x89, { says: 'it is busy', cure: RETRY }],
  [0x8a, { says: 'we are banned', cure: 'Take this client off the list of banned ones at the broker.' }],
  [0x8b, { says: 'it is shutting down', cure: 'Start it again; we keep trying.' }],
  [0x8c, { says: 'it wants another way to log in', cure: 'Allow user name and password, or certificates.' }],
  [0x8d, { says: 'it heard nothing of us for too long', cure: 'Check the network to the broker.' }],
  [
    0x8e,
    { says: 'another client came with our id', cure: 'Give each agent and collector an id of its own.' },
  ],
  [0x90, { says: 'it does not take this topic', cure: RIGHTS }],
  [0x93, { says: 'too much was on its way at once', cure: LIMITS }],
  [0x95, { says: 'a message was too large', cure: 'Let the broker take messages of 262,144 bytes.' }],
  [0x96, { says: 'we send too often', cure: LIMITS }],
  [0x97, { says: 'a quota is used up', cure: 'Free what fills it at the broker, or raise the quota.' }],
  [0x98, { says: 'an administrator ended it', cure: LOOK }],
  [
    0x99,
    { says: 'it does not like the contents', cure: 'Turn checks of payload formats off at the broker.' },
  ],
  [0x9a, { says: 'it does not keep messages (retain)', cure: 'Allow retained messages at the broker.' }],
  [0x9b, { says: 'it takes QoS 0 only', cure: 'Allow QoS 1 at the broker.' }],
  [0x9c, { says: 'we shall use another server', cure: 'Write the address of that server as broker.url.' }],
  [0x9d, { says: 'it has moved', cure: 'Write its new address as broker.url.' }],
  [0x9f, { says: 'we connect too often', cure: `${RETRY} Each attempt waits longer than the one before.` }],
  [0xa0, { says: 'we were connected for as long as it allows', cure: 'Raise that time at the broker.' }],
  [
    0xa2,
    { says: 'it takes no filters with wildcards', cure: 'Allow wildcards in subscriptions at the broker.' },
  ],
]);

/** What the code says. A code that no broker may send, or that we do not know, is named by its number. */
export function reasonWords(code: number): ReasonWords {
  return WORDS.get(code) ?? { says: `of reason 0x${code.toString(16).padStart(2, '0')}`, cure: LOOK };
}
