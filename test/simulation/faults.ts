import { AgentHost, type World } from './agent-host.ts';
import { Chance } from './chance.ts';
import type { CollectorHost } from './collector-host.ts';
import type { Fault, Plan } from './plan.ts';

/** Everything that faults befall. */
export interface Stage {
  plan: Plan;
  world: World;
  collector: CollectorHost;
  agents: AgentHost[];
  /** Gateways that run on a copy of another one's disk. */
  twins: AgentHost[];
  /** When an agent's disk was put back to an earlier state, by host. */
  restoredAtMs: Map<string, number>;
}

const HOUR_MS = 3_600_000;
const STEPS_MS = [1000, 3000, 60_000, HOUR_MS, 24 * HOUR_MS];

/** Lets a fault happen now; its end is an event of its own. */
export function playFault(stage: Stage, fault: Fault): void {
  const { world, collector, agents, plan } = stage;
  const { time, network } = world;
  const { kind, lasts, draw } = fault;
  const agent = agents[fault.agent];
  if (agent === undefined) return;
  world.onEvent('fault', `${kind} ${agent.setup.host} ${Math.round(lasts)} ms ${draw.toFixed(3)}`);
  const then = (act: () => void) => time.after(lasts, act);
  switch (kind) {
    case 'partitions': {
      const host = draw < 0.3 ? 'collector' : agent.setup.host;
      network.partition(host);
      then(() => network.heal(host));
      return;
    }
    case 'link-drops':
      return network.drop(draw < 0.3 ? 'collector' : agent.setup.host);
    case 'broker-kills':
      if (plan.kinds.has('embedded-broker')) return collector.crash();
      network.killBroker();
      then(() => network.startBroker());
      return;
    case 'agent-crashes':
      return agent.crash();
    case 'agent-power-cuts':
      agent.disk.cutIn = 1 + Math.floor(draw * 10);
      agent.disk.cutAt = draw * 10 - Math.floor(draw * 10) < 0.5 ? 'before' : 'after';
      return;
    case 'agent-disk':
      if (draw < 0.3) agent.disk.failNext = 1;
      else {
        agent.disk.failing = draw < 0.65 ? 'EIO' : 'ENOSPC';
        then(() => void (agent.disk.failing = undefined));
      }
      return;
    case 'collector-crashes':
      return collector.crash();
    case 'collector-power-cuts':
      collector.disk.cutIn = 1 + Math.floor(draw * 10);
      collector.disk.cutAt = draw * 10 - Math.floor(draw * 10) < 0.5 ? 'before' : 'after';
      return;
    case 'collector-away':
      collector.kill();
      then(() => collector.start());
      return;
    case 'ledger-disk':
      collector.disk.failing = draw < 0.5 ? 'ledger-full' : 'ledger-write';
      then(() => void (collector.disk.failing = undefined));
      return;
    case 'ledger-restores': {
      const backup = collector.backUp();
      then(() => {
        collector.kill();
        collector.restore(backup);
        time.after(500, () => collector.start());
      });
      return;
    }
    case 'spool-restores': {
      const copy = agent.disk.copy();
      then(() => {
        agent.kill();
        if (draw < 0.2) agent.disk.replace();
        else agent.disk.restore(copy);
        stage.restoredAtMs.set(agent.setup.host, time.nowMs);
        time.after(500, () => agent.start());
      });
      return;
    }
    case 'forks': {
      const twin = new AgentHost(
        world,
        { ...agent.setup, host: `${agent.setup.host}-twin` },
        {
          clock: agent.clock,
          chance: new Chance(plan.seed, `${agent.setup.host}-twin`),
          disk: agent.disk.copy(),
          signed: agent.signed,
        },
      );
      stage.twins.push(twin);
      twin.start();
      then(() => twin.kill());
      return;
    }
    case 'clock-steps': {
      const size = STEPS_MS[Math.floor(draw * 10) % STEPS_MS.length] ?? 0;
      return agent.clock.step(draw < 0.5 ? size : -size);
    }
    case 'no-clock':
      agent.kill();
      agent.clock.forget();
      time.after(1000, () => agent.start());
      then(() => agent.clock.learn());
      return;
    case 'stalls':
    case 'duplicates':
    case 'spoilt-copies':
    case 'embedded-broker':
    case 'clock-drift':
    case 'small-spools':
    case 'meter-outages':
      // Decided by the plan, for as long as faults last.
      return;
  }
}
