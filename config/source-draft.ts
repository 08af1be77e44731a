import type { SourceConfig } from './agent-config.ts';
import type { Salvaged } from './salvage.ts';

/** A source of an agent's file that could be read, with its position in the list. */
export interface SourceDraft extends Salvaged<SourceConfig> {
  index: number;
}
