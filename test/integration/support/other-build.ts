import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { readKubeconfig } from '../../../bench/kubeconfig.ts';
import { startOperator, type OperatorProcess } from '../../../bench/operator.ts';

/** For each file of `src`, the texts to replace and their replacements. */
export type Changes = Readonly<Record<string, readonly (readonly [from: string, to: string])[]>>;

const checkout = dirname(dirname(dirname(import.meta.dirname)));

/** An operator that was built from changed code, as the next release would be. */
export interface OtherBuild {
  start(): OperatorProcess;
  remove(): void;
}

export async function buildOther(changes: Changes): Promise<OtherBuild> {
  const folder = mkdtempSync(join(tmpdir(), 'provider-operator-other-'));
  for (const path of ['src', 'tools', 'package.json']) {
    cpSync(join(checkout, path), join(folder, path), { recursive: true });
  }
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  for (const [file, replacements] of Object.entries(changes)) {
    const path = join(folder, 'src', file);
    writeFileSync(path, replacements.reduce(replaceAll, readFileSync(path, 'utf8')));
  }
  const { stdout } = await promisify(execFile)(process.execPath, ['tools/bundle.ts'], { cwd: folder });

  return {
    start() {
      const { operatorKubeconfig } = inject('controlPlane');
      const [{ cluster }] = readKubeconfig(operatorKubeconfig).clusters;
      const plane = { directory: folder, server: cluster.server, userKubeconfig: () => operatorKubeconfig };
      return startOperator({ plane, bundle: stdout.trim(), workers: 4 });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Fails where the text to replace is not there any more: nothing must pass for replaced. */
function replaceAll(text: string, [from, to]: readonly [from: string, to: string]): string {
  if (!text.includes(from)) {
    throw new Error(`There is no ${from}`);
  }
  return text.replaceAll(from, to);
}
