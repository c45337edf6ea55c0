import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureSet } from '../control-plane/binaries.ts';

const DIRECTORY = join(import.meta.dirname, '..', 'control-plane', 'tools', 'prometheus');
const CPU_MINUTES = 4;

/** Builds promtool unless it is there, and returns its path. */
export async function ensurePromtool(): Promise<string> {
  const [, version = ''] =
    /github\.com\/prometheus\/prometheus v(\S+)/.exec(readFileSync(join(DIRECTORY, 'go.mod'), 'utf8')) ?? [];
  // Without this tag, promtool includes the clients of thirty clouds for service discovery, which take minutes to build
  // and check no rule.
  process.env['GOFLAGS'] = '-tags=remove_all_sd';
  const module = {
    name: 'promtool',
    version,
    directory: DIRECTORY,
    ldflags: `-s -w -X github.com/prometheus/common/version.Version=${version}`,
    outputs: { promtool: 'promtool' },
  };
  return join(
    await ensureSet({ what: 'promtool', modules: [module], cpuMinutes: CPU_MINUTES }, (line) => {
      process.stdout.write(`${line}\n`);
    }),
    'promtool',
  );
}
