import { startControlPlane } from './boot.ts';
import { elapsed } from './progress.ts';
import { toldToEnd } from './told-to-end.ts';

async function main(): Promise<void> {
  const started = Date.now();
  const plane = await startControlPlane();
  const ended = Promise.race([toldToEnd(), plane.failed]);

  console.log(`A disposable control plane runs at ${plane.server} (started in ${elapsed(started)}); ^C removes it`);
  console.log(`export KUBECONFIG=${plane.kubeconfig}   # kubectl: ${plane.kubectl}`);

  const reason = await ended;
  console.log('Removing the control plane ...');
  await plane.stop();
  console.log('Removed');
  if (reason instanceof Error) {
    throw reason;
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
