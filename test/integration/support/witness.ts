import { inject } from 'vitest';
import { findCondition } from '../../../src/api/conditions.ts';
import type { InstallationStatus } from '../../../src/api/installation.ts';
import { ANNOTATION, CHILD_SELECTOR, LABEL } from '../../../src/api/names.ts';
import { findConnection } from '../../../src/cluster/connection.ts';
import { createTransport } from '../../../src/cluster/transport.ts';
import { CHILDREN, INSTALLATIONS, PODS } from '../../../src/reconcile/resources.ts';
import type { DeploymentObject, InstallationObject, KubernetesObject } from './kubectl.ts';
import { record, type Recorded } from './recording.ts';

export type SeenInstallation = Omit<InstallationObject, 'status'> & { readonly status: InstallationStatus };

/**
 * Watches installations, their Deployments and their pods as the administrator: no state is missed, however short it was.
 * Everything is asked for by the installation's `namespace/name`.
 */
export interface Witness {
  /** The installation as soon as the operator has reported on the spec that it has now, and `isIt` holds. */
  until(installation: string, isIt: (seen: SeenInstallation) => boolean): Promise<SeenInstallation>;
  /** Waits until the Deployment is to run what `isIt` says. */
  untilTemplate(installation: string, isIt: (template: Template) => boolean): Promise<void>;
  /** Every template that the Deployment has had up to now, one after the other. */
  templatesOf(installation: string): Promise<readonly Template[]>;
  /** The fewest pods that were ready at any one time, from when there were `enough` of them first. */
  fewestReady(installation: string, enough: number): Promise<number>;
  stop(): Promise<void>;
}

/** The template that a Deployment was to run. */
interface Template {
  readonly version: string;
  /** The variables in it, those of the platform as well. */
  readonly env: Readonly<Record<string, string>>;
  readonly cpu: string;
  /** Such as `php=8.3.12`; empty where there is none. */
  readonly software: string;
}

type PodObject = KubernetesObject & {
  readonly metadata: { readonly deletionTimestamp?: string };
  readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
};

export async function startWitness(): Promise<Witness> {
  const connection = await findConnection({ kubeconfig: [inject('controlPlane').kubeconfig] });
  const transport = createTransport({ connection, userAgent: 'witness' });
  const abort = new AbortController();
  const all = { transport, signal: abort.signal };
  const [installations, deployments, pods] = await Promise.all([
    record<SeenInstallation & KubernetesObject>({ ...all, resource: INSTALLATIONS }),
    record<DeploymentObject>({ ...all, resource: CHILDREN.Deployment, labelSelector: CHILD_SELECTOR }),
    record<PodObject>({ ...all, resource: PODS, labelSelector: CHILD_SELECTOR }),
  ]);

  return {
    async until(key, isIt) {
      await installations.catchUp(namespaceOf(key));
      const last = () => of(key, installations.versions).at(-1);
      return installations.when(
        () => {
          const seen = last();
          return seen?.status.observedGeneration === seen?.metadata.generation && seen && isIt(seen) ? seen : undefined;
        },
        () => `${key} stays ${JSON.stringify(last()?.status)}`,
      );
    },
    async untilTemplate(key, isIt) {
      const last = () => of(key, deployments.versions).map(templateOf).at(-1);
      await deployments.when(
        () => {
          const template = last();
          return template && isIt(template) ? template : undefined;
        },
        () => `${key} stays ${JSON.stringify(last())}`,
      );
    },
    async templatesOf(key) {
      await deployments.catchUp(namespaceOf(key));
      const templates = of(key, deployments.versions).map(templateOf);
      return templates.filter((t, i) => JSON.stringify(t) !== JSON.stringify(templates[i - 1]));
    },
    async fewestReady(key, enough) {
      await pods.catchUp(namespaceOf(key));
      return Math.min(...readyCounts(key, pods.versions, enough));
    },
    async stop() {
      abort.abort();
      await transport.close();
    },
  };
}

/** `True UpToDate`; undefined where there is no such condition. */
export function conditionOf({ status }: SeenInstallation, type: string): string | undefined {
  const condition = findCondition(status.conditions, type as 'Ready');
  return condition && `${condition.status} ${condition.reason}`;
}

/** How many were ready after each change, from when there were enough. What is being removed serves nobody any more. */
function readyCounts(key: string, versions: readonly Recorded<PodObject>[], enough: number): readonly number[] {
  const ready = new Set<string>();
  const counts: number[] = [];
  for (const { type, object } of versions) {
    const { uid, namespace, labels, deletionTimestamp } = object.metadata;
    if (`${namespace}/${labels?.[LABEL.installation]}` === key) {
      const isReady = object.status.conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true;
      const serves = isReady && type !== 'DELETED' && deletionTimestamp === undefined;
      ready[serves ? 'add' : 'delete'](uid);
      if (counts.length > 0 || ready.size >= enough) {
        counts.push(ready.size);
      }
    }
  }
  return counts;
}

function templateOf({ spec: { template } }: DeploymentObject): Template {
  const [container] = template.spec.containers;
  return {
    version: template.metadata.annotations[ANNOTATION.version] ?? '',
    env: Object.fromEntries((container?.env ?? []).map(({ name, value = '' }) => [name, value])),
    cpu: container?.resources.requests?.['cpu'] ?? '',
    software: template.metadata.annotations[ANNOTATION.software] ?? '',
  };
}

function of<T extends Pick<KubernetesObject, 'metadata'>>(key: string, versions: readonly Recorded<T>[]): T[] {
  return versions.map((v) => v.object).filter(({ metadata: { namespace, name } }) => `${namespace}/${name}` === key);
}

function namespaceOf(key: string): string {
  return key.split('/')[0] ?? '';
}
