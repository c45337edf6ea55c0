import { parseArgs } from 'node:util';
import { startControlPlane, type ControlPlane } from '../test/control-plane/boot.ts';
import { elapsed } from '../test/control-plane/progress.ts';
import { toldToEnd } from '../test/control-plane/told-to-end.ts';
import { sayFarewell } from './farewell.ts';
import { createNarrator, type Narrator } from './narrator.ts';
import { startOperator, type OperatorProcess } from './operator.ts';
import { createShell } from './shell.ts';
import { installOperator, tellStory } from './steps.ts';

/**
 * Runs `npm run demo`: a control plane of its own, the operator in it, and a story told with kubectl. Leaves nothing
 * behind, however it ends.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
  const narrator = createNarrator(console.log);
  const started = Date.now();
  narrator.line('provider-operator installs providers and keeps them on the version that policy allows.');
  narrator.line('This demo runs in a Kubernetes control plane of its own, and removes it at the end.');

  narrator.heading('Start a control plane');
  const plane = await narrator.during('the control plane', startControlPlane({ say: narrator.line }));
  narrator.say(
    `It runs at ${plane.server} (${elapsed(started)}). etcd and Kubernetes are real; nodes and pods are played by kwok,`,
    'so that no image is needed and a pod is ready at once.',
  );
  try {
    await perform(narrator, plane, values.once);
  } finally {
    await plane.stop();
  }
  narrator.line(`Everything is removed (${elapsed(started)} in all).`);
}

/** Runs the story on a control plane, until its end or until somebody stops it. */
async function perform(narrator: Narrator, plane: ControlPlane, isOnce: boolean): Promise<void> {
  const abort = new AbortController();
  const interrupted = toldToEnd().then(() => 'interrupted' as const);
  // The terminal sends ^C to us and to npm, which passes it on. The second one must not stop the removal.
  process.on('SIGINT', () => {});
  let operator: OperatorProcess | undefined;

  async function story(): Promise<void> {
    const shell = createShell({ plane, narrator, signal: abort.signal });
    await installOperator({ narrator, shell });
    operator = startOperator(plane);
    narrator.say('Now the operator starts (node src/main.ts), as a user who has these roles and no other right.');
    await Promise.race([narrator.during('the operator', operator.ready()), operator.failed.then(raise)]);
    narrator.line(`Its log is ${operator.logFile}`);
    await Promise.race([tellStory({ narrator, shell, api: operator.api() }), operator.failed.then(raise)]);
    if (!isOnce) {
      sayFarewell(narrator, plane);
      await operator.failed.then(raise);
    }
  }

  try {
    const isStoryTold = story().then(() => 'told' as const);
    const end = await Promise.race([isStoryTold, interrupted, plane.failed.then(raise)]);
    narrator.say(end === 'told' ? 'That was the demo. Removing everything ...' : 'Removing everything ...');
    process.exitCode = end === 'interrupted' && isOnce ? 130 : 0;
  } catch (error) {
    // The operator's log is removed with the control plane.
    narrator.say(...(operator ? ["The operator's last lines:", operator.lastLines()] : []), 'Removing everything ...');
    throw error;
  } finally {
    abort.abort();
    await operator?.stop();
  }
}

function raise(error: Error): never {
  throw error;
}

try {
  await main();
} catch (error) {
  console.error(`The demo has failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
