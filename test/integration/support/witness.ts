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
 * Watches installations, their Deployments and their pods as the administrator. It misses no state, however short.
 * Every method takes the installation's `namespace/name`.
 */
export interface Witness {
  /** Waits until the operator has reported on the present spec and `isIt` holds, and returns the installation. */
  until(installation: string, isIt: (seen: SeenInstallation) => boolean): Promise<SeenInstallation>;
  /** Waits until `isIt` holds for the template of the Deployment. */
  untilTemplate(installation: string, isIt: (template: Template) => boolean): Promise<void>;
  /** Returns every template that the Deployment has had up to now, oldest first. */
  templatesOf(installation: string): Promise<readonly Template[]>;
  /** Returns the fewest pods that were ready at any time after `enough` of them were ready for the first time. */
  fewestReady(installation: string, enough: number): Promise<number>;
  stop(): Promise<void>;
}

/** The parts of a Deployment's template that tests look at. */
interface Template {
  readonly version: string;
  /** The variables of the container, with those of the platform. */
  readonly env: Readonly<Record<string, string>>;
  readonly cpu: string;
  /** The system software, such as `php=8.3.12`; empty if there is none. */
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

/** Returns a condition as `True UpToDate`; undefined if there is none of this type. */
export function conditionOf({ status }: SeenInstallation, type: string): string | undefined {
  const condition = findCondition(status.conditions, type as 'Ready');
  return condition && `${condition.status} ${condition.reason}`;
}

/**
 * Returns how many pods were ready after each change, from when there were enough. A pod that is being removed does not
 * count.
 */
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
