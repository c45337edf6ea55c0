import { execFile } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { inject } from 'vitest';

/** Runs a command line from a message, as an administrator would paste it into a shell. */
export async function asTyped(line: string): Promise<void> {
  const { kubectl, kubeconfig } = inject('controlPlane');
  const PATH = [dirname(kubectl), process.env['PATH']].join(delimiter);
  const KUBECACHEDIR = join(dirname(kubeconfig), 'kubectl-cache');
  await promisify(execFile)('/bin/sh', ['-c', line], { env: { PATH, KUBECONFIG: kubeconfig, KUBECACHEDIR } });
}
