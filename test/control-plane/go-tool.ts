import { join } from 'node:path';
import { ensureSet } from './binaries.ts';
import { readGoTool, type GoTool } from './go-modules.ts';
import type { Say } from './progress.ts';

/** The measured CPU minutes of a build from nothing. */
const CPU_MINUTES: Readonly<Record<GoTool, number>> = { helm: 5, kubeconform: 1 };

/**
 * Builds a tool unless it is there already, and returns its path. Each tool has a cache of its own, so a new Helm does
 * not rebuild the apiserver.
 */
export async function ensureGoTool(name: GoTool, say: Say = console.log): Promise<string> {
  const directory = await ensureSet({ what: name, modules: [readGoTool(name)], cpuMinutes: CPU_MINUTES[name] }, say);
  return join(directory, name);
}
