import type { TestContext } from 'vitest';
import { PROVIDERS } from '../../src/reconcile/resources.ts';
import type { ControlPlane } from '../control-plane/boot.ts';
import { createAdminApi, type AdminApi } from './admin-api.ts';
import type { Match } from './api-request.ts';
import { createNamespace, deleteNamespace } from './namespaces.ts';
import type { Passage } from './passage.ts';
import type { FaultProxy } from './proxy.ts';
import { startSufferer, startTestee, type Sufferer, type Testee } from './sufferer.ts';
import { Workload } from './workload.ts';

/** The kubeconfigs of the administrator and of the operator for one cluster. */
export interface Kubeconfigs {
  readonly kubeconfig: string;
  readonly operatorKubeconfig: string;
}

export function kubeconfigsOf(plane: ControlPlane): Kubeconfigs {
  return { kubeconfig: plane.kubeconfig, operatorKubeconfig: plane.userKubeconfig('provider-operator') };
}

export interface Setting extends Kubeconfigs {
  /** A namespace that only this test uses. */
  readonly namespace: string;
  /** Called before the operator starts. */
  readonly prepare?: (proxy: FaultProxy) => void;
}

/** The hooks of the test: everything that is started ends with it, and the operator's log is printed if it fails. */
type Test = Pick<TestContext, 'onTestFinished' | 'onTestFailed'>;

interface Scene {
  readonly api: AdminApi;
  readonly workload: Workload;
}

export interface Settled extends Scene, Pick<Sufferer, 'proxy' | 'operator' | 'probes'> {
  /** The requests of the operator since it was settled. */
  readonly asked: (match: Match) => readonly Readonly<Passage>[];
}

/**
 * Starts an operator behind a proxy, in a namespace of its own, and waits until its three installations are Ready: then
 * a fault can begin.
 */
export async function startSettled(setting: Setting, test: Test): Promise<Settled> {
  const { kubeconfig, operatorKubeconfig, namespace, prepare } = setting;
  const scene = await setTheScene(kubeconfig, namespace, test);
  const { proxy, ...testee } = await startSufferer({ kubeconfig: operatorKubeconfig, namespace }, prepare);
  await settle(scene, testee, test);
  const begin = proxy.passages.length;
  return { ...scene, ...testee, proxy, asked: (match) => proxy.passages.slice(begin).filter(match) };
}

/** Does the same without a proxy, for faults that the proxy would hide. */
export async function startSettledWithoutProxy(
  setting: Omit<Setting, 'prepare'>,
  test: Test,
): Promise<Omit<Settled, 'proxy' | 'asked'>> {
  const { kubeconfig, operatorKubeconfig, namespace } = setting;
  const scene = await setTheScene(kubeconfig, namespace, test);
  const testee = await startTestee({ kubeconfig: operatorKubeconfig, namespace });
  await settle(scene, testee, test);
  return { ...scene, ...testee };
}

async function setTheScene(kubeconfig: string, namespace: string, test: Test): Promise<Scene> {
  const api = createAdminApi(kubeconfig);
  test.onTestFinished(async () => {
    await deleteNamespace(api, namespace);
    await api.remove(PROVIDERS, { name: `${namespace}.web` });
    await api.close();
  });
  await createNamespace(api, namespace);
  const workload = new Workload(api, namespace);
  await workload.publish();
  await Promise.all(['edited', 'dropped', 'kept'].map((name) => workload.want(name, 'before')));
  return { api, workload };
}

async function settle({ workload }: Scene, { operator, end }: Testee, test: Test): Promise<void> {
  test.onTestFinished(end);
  test.onTestFailed(() => {
    process.stderr.write(operator.output());
  });
  await workload.converges();
}
