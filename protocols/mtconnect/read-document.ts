import { badDocumentError } from './agent-error.ts';
import { EMPTY_HEADER, readHeader } from './agent-header.ts';
import { DevicesBuilder } from './devices-builder.ts';
import type { MtconnectDocument } from './mtconnect-document.ts';
import { StreamsBuilder } from './streams-builder.ts';
import { createXmlReader, plainOf, type XmlAttributes, type XmlHandler } from './xml-reader.ts';

/** Of one document. Agents for a whole shop have some ten thousand items. */
const ENTRIES_MAX = 200_000;

/** Takes a document in pieces, cut anywhere; `end` gives what it says. Both throw an error of class `retry`, code `bad-frame`. */
export interface DocumentReader {
  write(text: string): void;
  end(): MtconnectDocument;
}

/** Reads a document of an agent of any version, by the local names of its elements. `where` names the agent in errors. */
export function createDocumentReader(where: string): DocumentReader {
  let depth = 0;
  let header = EMPTY_HEADER;
  let root = '';
  let builder: XmlHandler | undefined;
  const devices = new DevicesBuilder();
  const streams = new StreamsBuilder();
  const errors = new ErrorsBuilder();
  const reader = createXmlReader(where, {
    open: (name, attributes) => {
      if (depth === 0) {
        root = name;
        builder = { MTConnectDevices: devices, MTConnectStreams: streams, MTConnectError: errors }[name];
        if (builder === undefined)
          throw badDocumentError(where, `<${name.slice(0, 40)}>, which is no answer of MTConnect`);
      } else if (depth === 1 && name === 'Header') header = readHeader(attributes);
      depth += 1;
      builder?.open(name, attributes);
    },
    close: (name, text) => {
      depth -= 1;
      builder?.close(name, text);
      if (Math.max(devices.itemCount, streams.observations.length, errors.errors.length) > ENTRIES_MAX)
        throw badDocumentError(where, 'far more than any machine has');
    },
  });
  return {
    write: (text) => reader.write(text),
    end: () => {
      reader.end();
      if (root === 'MTConnectDevices') return { kind: 'devices', header, devices: devices.devices };
      if (root === 'MTConnectStreams') return { kind: 'streams', header, observations: streams.observations };
      return { kind: 'error', header, errors: errors.errors };
    },
  };
}

/** What an agent refuses with: elements with an errorCode, whose name and nesting changed over the versions. */
class ErrorsBuilder implements XmlHandler {
  readonly errors: { code: string; text: string }[] = [];
  readonly #codes: (string | undefined)[] = [];
  #message = '';

  open(_name: string, attributes: XmlAttributes): void {
    this.#codes.push(attributes.get('errorCode'));
  }

  close(name: string, text: string): void {
    const code = this.#codes.pop();
    if (name === 'ErrorMessage') this.#message = text;
    if (code === undefined) return;
    this.errors.push({ code, text: plainOf(text === '' ? this.#message : text) });
    this.#message = '';
  }
}
