import { getuid, platform } from 'node:process';
import { ensureBinaries } from '../control-plane/binaries.ts';
import { ensureGoTool } from '../control-plane/go-tool.ts';
import { elapsed } from '../control-plane/progress.ts';
import { toldToEnd } from '../control-plane/told-to-end.ts';
import { ensureNodeBinaries } from '../node/binaries.ts';
import { installMissingPackages } from '../node/missing-packages.ts';
import { obstacleToIsolation, runInNamespaces, type Inside } from '../node/namespaces.ts';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Does everything that needs the network, and then runs the tests on a node that reaches nothing but itself. */
async function main(): Promise<number> {
  if (platform !== 'linux' || getuid?.() !== 0) {
    say('Skipped: the end-to-end tests need Linux and root, for a real node with real containers');
    return 0;
  }
  const obstacle = obstacleToIsolation() ?? installMissingPackages(say);
  if (obstacle !== undefined) {
    say(`Skipped: the end-to-end tests need a container engine and namespaces of their own: ${obstacle}`);
    return 0;
  }
  const started = Date.now();
  await ensureBinaries(say);
  await ensureNodeBinaries(say);
  await ensureGoTool('helm', say);

  const vitest = [
    process.execPath,
    'node_modules/vitest/vitest.mjs',
    'run',
    '--project',
    'e2e',
    ...process.argv.slice(2),
  ];
  const inside = runInNamespaces(vitest);
  void removeWhenTold(inside);
  const code = await inside.ended;
  say(`The node is removed (${elapsed(started)})`);
  return code;
}

async function removeWhenTold(inside: Inside): Promise<void> {
  await toldToEnd();
  say('Removing the node ...');
  inside.kill();
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
});
