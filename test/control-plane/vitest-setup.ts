import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { startControlPlane } from './boot.ts';
import { NoGo } from './go-build.ts';
import { startK3s } from './k3s.ts';

/** The facts that integration tests have about their cluster, by `inject('controlPlane')`. Plain data. */
export interface TestCluster {
  /** The administrator's kubeconfig. */
  readonly kubeconfig: string;
  /** The kubeconfig of the operator's own user, who only has the rights of the ClusterRole that is bound to it. */
  readonly operatorKubeconfig: string;
  readonly kubectl: string;
  /** The path of the audit log; absent if the apiserver is not ours. */
  readonly auditLog?: string;
  /** Whether tests may break images, nodes and the apiserver. Tests that need that are skipped if it is false. */
  readonly disposable: boolean;
}

declare module 'vitest' {
  export interface ProvidedContext {
    controlPlane: TestCluster;
  }
}

/**
 * vitest's global setup. Starts one control plane for the run, or K3s without Go, unless TEST_KUBECONFIG names a
 * cluster.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['TEST_KUBECONFIG'];
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) {
      throw new Error(`TEST_KUBECONFIG names "${given}", which does not exist`);
    }
    provideCluster(project, given);
    return undefined;
  }
  try {
    const plane = await startControlPlane();
    project.provide('controlPlane', {
      kubeconfig: plane.kubeconfig,
      operatorKubeconfig: plane.userKubeconfig('provider-operator'),
      kubectl: plane.kubectl,
      auditLog: plane.auditLog,
      disposable: true,
    });
    return () => plane.stop();
  } catch (error) {
    if (!(error instanceof NoGo)) {
      throw error;
    }
    const k3s = await startK3s(console.log);
    if (typeof k3s === 'string') {
      throw new NoGo(`${error.message}; and ${k3s}`, { cause: error });
    }
    provideCluster(project, k3s.kubeconfig);
    return () => k3s.stop();
  }
}

/** Provides a cluster that somebody else has made. */
function provideCluster(project: TestProject, kubeconfig: string): void {
  project.provide('controlPlane', {
    kubeconfig,
    operatorKubeconfig: kubeconfig,
    kubectl: 'kubectl',
    disposable: false,
  });
}
