import { startTestCollector } from './test-collector.ts';

// A collector in a process of its own, to be killed: prints its key when it follows the agents.
const [brokerUrl = '', dataFolder = ''] = process.argv.slice(2);
const collector = await startTestCollector({ brokerUrl, dataFolder });
while (!collector.stats().broker.connected) {
  await new Promise((resolve) => {
    setTimeout(resolve, 5);
  });
}
process.stdout.write(`${collector.publicKey}\n`);
