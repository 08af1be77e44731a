import { agentConfig, type SourceConfig } from './agent-config.ts';
import { isModbus, type ModbusSourceConfig } from './modbus/modbus-config.ts';
import { ownList, salvage, type Salvaged } from './salvage.ts';

/** A source of an agent's file that could be read, with its position in the list. */
export interface SourceDraft extends Salvaged<SourceConfig> {
  index: number;
  /** As it stands in the file. */
  raw: unknown;
}

/** A source over Modbus that could be read. */
export interface ModbusDraft extends SourceDraft {
  value: ModbusSourceConfig;
}

/** True for a draft of a source over Modbus. */
export function isModbusDraft(draft: SourceDraft): draft is ModbusDraft {
  return isModbus(draft.value);
}

/** The sources of an agent's file, plain data, as far as they can be read. */
export function draftSources(raw: unknown): SourceDraft[] {
  return ownList(raw, 'sources').flatMap((source, index): SourceDraft[] => {
    const draft = salvage(agentConfig.shape.sources.element, source);
    return draft === undefined ? [] : [{ ...draft, index, raw: source }];
  });
}
