import type { Phase, Quantity } from '../telemetry/quantity.ts';
import type { LoadComponent } from './load-shares.ts';

/** Namespace of the energy meter of a simulated machine. */
export const SIMULATOR_NAMESPACE = 'urn:millwatt:simulator';

/** A node of the energy meter. */
export interface MeterNode {
  id: string;
  component: LoadComponent;
  quantity: Quantity;
  phase: Phase;
  unit: string;
  /** Canonical units in one unit of the node. */
  factor: number;
}

/** The meter's nodes: `nsu=urn:millwatt:simulator;s=<id>`, Doubles in kW, kWh, V, A, Hz; counters never fall. */
export const METER_NODES: readonly MeterNode[] = [
  meterNode('Meter.ActivePower', 'supply', 'activePower', 'total', 'kW', 1000),
  meterNode('Meter.ActivePowerL1', 'supply', 'activePower', 'l1', 'kW', 1000),
  meterNode('Meter.ActivePowerL2', 'supply', 'activePower', 'l2', 'kW', 1000),
  meterNode('Meter.ActivePowerL3', 'supply', 'activePower', 'l3', 'kW', 1000),
  meterNode('Meter.ReactivePower', 'supply', 'reactivePower', 'total', 'kvar', 1000),
  meterNode('Meter.PowerFactor', 'supply', 'powerFactor', 'total', '1', 1),
  meterNode('Meter.Frequency', 'supply', 'frequency', 'total', 'Hz', 1),
  meterNode('Meter.VoltageL1', 'supply', 'voltage', 'l1', 'V', 1),
  meterNode('Meter.VoltageL2', 'supply', 'voltage', 'l2', 'V', 1),
  meterNode('Meter.VoltageL3', 'supply', 'voltage', 'l3', 'V', 1),
  meterNode('Meter.CurrentL1', 'supply', 'current', 'l1', 'A', 1),
  meterNode('Meter.CurrentL2', 'supply', 'current', 'l2', 'A', 1),
  meterNode('Meter.CurrentL3', 'supply', 'current', 'l3', 'A', 1),
  meterNode('Meter.ActiveEnergyImport', 'supply', 'activeEnergyImport', 'total', 'kWh', 1000),
  meterNode('Spindle.ActivePower', 'spindle', 'activePower', 'total', 'kW', 1000),
  meterNode('Spindle.ActiveEnergyImport', 'spindle', 'activeEnergyImport', 'total', 'kWh', 1000),
  meterNode('Spindle.Speed', 'spindle', 'rotationalSpeed', 'total', '1/min', 1),
  meterNode('Cabinet.ActivePower', 'cabinet', 'activePower', 'total', 'kW', 1000),
  meterNode('Cabinet.ActiveEnergyImport', 'cabinet', 'activeEnergyImport', 'total', 'kWh', 1000),
];

function meterNode(
  id: string,
  component: LoadComponent,
  quantity: Quantity,
  phase: Phase,
  unit: string,
  factor: number,
): MeterNode {
  return { id, component, quantity, phase, unit, factor };
}
