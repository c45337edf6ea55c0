import { ensureSet } from '../control-plane/binaries.ts';
import { readNodeModule } from '../control-plane/go-modules.ts';
import type { Say } from '../control-plane/progress.ts';

/** Builds kubelet and kube-proxy unless they are there already, and returns their directory. */
export function ensureNodeBinaries(say: Say): Promise<string> {
  return ensureSet({ what: 'kubelet and kube-proxy', modules: [readNodeModule()], cpuMinutes: 4 }, say);
}
