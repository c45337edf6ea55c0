import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { startControlPlane } from './boot.ts';
import { NoGo } from './go-build.ts';
import { startK3s } from './k3s.ts';

/** The facts that integration tests have about their cluster, by `inject('controlPlane')`. Plain data. */
export interface TestCluster {
  /** The administrator's. */
  readonly kubeconfig: string;
  /** The operator's own user: may do what the ClusterRole bound to it allows, and nothing else. */
  readonly operatorKubeconfig: string;
  readonly kubectl: string;
  /** Only where the apiserver is ours. */
  readonly auditLog?: string;
  /** Whether images, nodes and the apiserver are the tests' to break. Tests that need that skip where it is false. */
  readonly disposable: boolean;
}

declare module 'vitest' {
  export interface ProvidedContext {
    controlPlane: TestCluster;
  }
}

/** vitest's global setup: one control plane for the run, or the cluster that TEST_KUBECONFIG names; without Go, K3s. */
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

/** A cluster that somebody else has made. */
function provideCluster(project: TestProject, kubeconfig: string): void {
  project.provide('controlPlane', {
    kubeconfig,
    operatorKubeconfig: kubeconfig,
    kubectl: 'kubectl',
    disposable: false,
  });
}
