import { FIELD_MANAGER, MARKER } from '../src/api/names.ts';
import type { Cluster } from './cluster.ts';
import { limit } from './limit.ts';
import {
  DEPLOYMENTS_PATH,
  INSTALLATIONS_PATH,
  installationsPath,
  isAvailable,
  isReady,
  type InstallationObject,
} from './objects.ts';
import { startTracker } from './tracker.ts';
import { fill, type Templates } from './trial.ts';
import { installationsOf, type Workload } from './workload.ts';

export interface FloorOptions {
  readonly cluster: Cluster;
  readonly workload: Workload;
  readonly templates: Templates;
  /** The number of writes under way at once, as many as the operator has workers. */
  readonly workers: number;
  /** The number of installations that are being created at once. */
  readonly creators: number;
}

/**
 * Installs without an operator, by a loop that decides nothing: it sends the same bodies in the same order. As in the
 * operator, an installation that waits for its Deployment holds no worker. Returns the seconds from the first create to
 * the last `Ready`.
 */
export async function runFloor({ cluster, workload, templates, workers, creators }: FloorOptions): Promise<number> {
  const { admin, tenant } = cluster;
  await cluster.createNamespaces('floor', workload);
  const deployments = await startTracker({ api: tenant, path: DEPLOYMENTS_PATH, isThere: isAvailable });
  const installations = await startTracker({ api: admin, path: INSTALLATIONS_PATH, isThere: isReady });
  const creating = limit(creators);
  const writing = limit(workers);
  const [first = '', ...others] = templates.statuses;
  const apply = (path: string, body: string, fieldManager = FIELD_MANAGER) =>
    tenant.request({
      method: 'PATCH',
      path: `${path}?fieldManager=${fieldManager}&force=false`,
      contentType: 'application/apply-patch+yaml',
      body,
    });
  const report = (path: string, body: string) =>
    tenant.request({
      method: 'PATCH',
      path: `${path}/status?fieldManager=${FIELD_MANAGER}`,
      contentType: 'application/merge-patch+json',
      body,
    });

  async function install(body: ReturnType<typeof installationsOf>[number]): Promise<void> {
    const { namespace, name } = body.metadata;
    const path = installationsPath(namespace);
    const created = await creating(() => admin.request<InstallationObject>({ method: 'POST', path, body }));
    const names = { namespace, name, uid: created.metadata.uid };
    const record = `/apis/apps/v1/namespaces/${namespace}/controllerrevisions/${name}-1`;
    await writing(async () => {
      await apply(record, fill(templates.record, names));
      await apply(`/api/v1/namespaces/${namespace}/services/${name}`, fill(templates.service, names));
      await apply(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`, fill(templates.deployment, names));
      await report(`${path}/${name}`, fill(first, names));
    });
    await deployments.reachedBy(`${namespace}/${name}`);
    await writing(async () => {
      await apply(record, fill(templates.mark, names), MARKER);
      for (const status of others) {
        await report(`${path}/${name}`, fill(status, names));
      }
    });
  }

  const startedAt = performance.now();
  await Promise.all(installationsOf('floor', workload).map(install));
  const endedAt = await installations.reached(workload.installations);
  await Promise.all([deployments.stop(), installations.stop()]);
  return (endedAt - startedAt) / 1000;
}
