import { ANNOTATION } from '../../../src/api/names.ts';
import { findConnection } from '../../../src/cluster/connection.ts';
import { createListWatch } from '../../../src/cluster/list-watch.ts';
import { createTransport } from '../../../src/cluster/transport.ts';
import { ownedFields } from '../../../src/cluster/owned-fields.ts';
import { FIELD_MANAGER } from '../../../src/api/names.ts';
import { isNewer } from '../../../src/controller/resource-version.ts';
import { escapeExpansion } from '../../../src/plan/pods/environment.ts';
import { CHILDREN, INSTALLATIONS } from '../../../src/reconcile/resources.ts';
import { inject } from 'vitest';
import { availabilityLieOf, type Version } from './availability.ts';
import {
  eventually,
  kubectl,
  type DeploymentObject,
  type InstallationObject,
  type KubernetesObject,
} from './kubectl.ts';

/** Ends the checker, and fails if `Ready` or `Available` was ever a lie. */
export async function endTruthfully(checker: TruthChecker): Promise<void> {
  const lies = await checker.stop();
  if (lies.length > 0) {
    throw new Error(`The status was a lie:\n${lies.join('\n')}`);
  }
}

export interface TruthChecker {
  /** Ends the watches and returns every lie: each `Ready` for a generation that was not rolled out, each `Available` that the Deployment denies. */
  stop(): Promise<string[]>;
}

/**
 * Watches installations and Deployments from outside and remembers every version of both, so that each `Ready=True` can
 * be compared with the Deployment just before it (resource versions of one etcd are one order). An object that existed
 * before the watch began has no history and is not judged. The checker judges by the spec and the pods alone, never by
 * the operator's own hashes.
 */
export async function startTruthChecker(): Promise<TruthChecker> {
  const { kubeconfig } = inject('controlPlane');
  const connection = await findConnection({ kubeconfig: [kubeconfig] });
  const transport = createTransport({ connection, userAgent: 'truth-checker' });
  const abort = new AbortController();
  const installations: Version<InstallationObject>[] = [];
  const deployments: Version<DeploymentObject>[] = [];

  async function follow<T extends KubernetesObject>(
    resource: typeof INSTALLATIONS,
    versions: Version<T>[],
  ): Promise<void> {
    const source = createListWatch<T>(transport, resource);
    let resourceVersion = '';
    for await (const page of source.list(abort.signal)) {
      versions.push(...page.items.map((object) => ({ type: 'LISTED', object, at: performance.now() })));
      ({ resourceVersion } = page);
    }
    void (async () => {
      // The API server ends a watch after some minutes.
      while (!abort.signal.aborted) {
        for await (const event of await source.watch(resourceVersion, abort.signal)) {
          if (event.type === 'ERROR') {
            throw new Error(`The truth checker has missed changes: ${JSON.stringify(event.object)}`);
          }
          ({ resourceVersion } = event.object.metadata as { readonly resourceVersion: string });
          if (event.type !== 'BOOKMARK') {
            versions.push({ ...event, at: performance.now() });
          }
        }
      }
    })().catch((error: unknown) => {
      if (!abort.signal.aborted) {
        throw error;
      }
    });
  }
  await Promise.all([follow(INSTALLATIONS, installations), follow(CHILDREN.Deployment, deployments)]);

  return {
    async stop() {
      // Everything that was written before this marker has been seen when the marker has.
      const marker = `truth-${Date.now()}`;
      await kubectl(['create', 'deployment', marker, '-n', 'default', '--image=none', '--replicas=0']);
      await eventually(async () => deployments.some((d) => d.object.metadata.name === marker));
      await kubectl(['delete', 'deployment', marker, '-n', 'default']);
      abort.abort();
      await transport.close();
      const byName = Map.groupBy(deployments, ({ object }) => nameOf(object));
      const byUid = Map.groupBy(installations, ({ object }) => object.metadata.uid);
      return [...byUid.values()].flatMap((versions) =>
        versions.flatMap((version, i) => {
          const { object, type } = version;
          const before = (byName.get(nameOf(object)) ?? []).filter((d) => isOlder(d, version));
          const lies = [lieOf(version, before), availabilityLieOf(version, versions[i - 1]?.object, before)];
          return ['LISTED', 'DELETED'].includes(type) ? [] : lies.filter((lie) => lie !== undefined);
        }),
      );
    },
  };
}

function nameOf({ metadata }: KubernetesObject): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function isOlder(a: Version<KubernetesObject>, b: Version<KubernetesObject>): boolean {
  return isNewer(b.object.metadata.resourceVersion, a.object.metadata.resourceVersion);
}

/** A report cannot contain a change that was made just before it. On a busy machine, events arrive seconds late. */
const AT_THE_SAME_TIME_MS = 5000;

function lieOf(
  { object: installation, at }: Version<InstallationObject>,
  before: readonly Version<DeploymentObject>[],
): string | undefined {
  const { metadata, status } = installation;
  const ready = status.conditions?.find((c) => c.type === 'Ready');
  // An annotation asks for new pods without a new generation: until the next report it says what was true before.
  const isRestarted = metadata.annotations?.[ANNOTATION.restart] !== undefined;
  if (ready?.status !== 'True' || ready.observedGeneration !== metadata.generation || isRestarted) {
    return undefined;
  }
  const last = before.findLast((d) => !isChangedByOthers(d, before, at)) ?? before.at(-1);
  const who = `${metadata.namespace}/${metadata.name} generation ${metadata.generation} (${metadata.resourceVersion})`;
  if (!last || last.type === 'DELETED' || !last.object.metadata.ownerReferences?.some((o) => o.uid === metadata.uid)) {
    return `${who} is Ready without a Deployment`;
  }
  const mismatch = mismatchOf(installation, last.object);
  if (mismatch !== undefined) {
    return `${who} is Ready with ${mismatch}`;
  }
  const template = JSON.stringify(last.object.spec.template);
  return before.some(({ object }) => JSON.stringify(object.spec.template) === template && isComplete(object))
    ? undefined
    : `${who} is Ready before its pods were`;
}

/** Whether somebody else changed what the operator had applied, just before `at`. */
function isChangedByOthers(
  { object, at: changedAt }: Version<DeploymentObject>,
  versions: readonly Version<DeploymentObject>[],
  at: number,
): boolean {
  const applied = (o: DeploymentObject) => o.metadata.annotations?.['provider-operator.io/applied'];
  const earlier = versions.findLast((v) => isNewer(object.metadata.resourceVersion, v.object.metadata.resourceVersion));
  return (
    earlier !== undefined &&
    at - changedAt < AT_THE_SAME_TIME_MS &&
    applied(earlier.object) === applied(object) &&
    JSON.stringify(earlier.object.spec) !== JSON.stringify(object.spec)
  );
}

const REPLICAS: Readonly<Record<string, number>> = { free: 1, standard: 2, performance: 3 };

function mismatchOf({ spec, status }: InstallationObject, deployment: DeploymentObject): string | undefined {
  const [container] = deployment.spec.template.spec.containers;
  const version = deployment.spec.template.metadata.annotations['provider-operator.io/version'];
  const wanted =
    spec['upgradePolicy'] === 'manual' && spec['version'] !== undefined ? spec['version'] : status.currentVersion;
  if (version !== wanted) {
    return `version ${version} instead of ${JSON.stringify(wanted)}`;
  }
  for (const [name, value] of Object.entries((spec['config'] ?? {}) as Record<string, string | null>)) {
    const variable = container?.env?.find((e) => e.name === name);
    const literal = variable && (variable.value ?? '');
    if (value !== null && literal !== escapeExpansion(value)) {
      return `${name}=${variable?.value} instead of ${value}`;
    }
  }
  const owned = ownedFields(deployment, FIELD_MANAGER)['spec'] as { readonly replicas?: number } | undefined;
  const replicas = REPLICAS[String(spec['resourceTier'])];
  // A tier may leave the number of replicas to others.
  return owned?.replicas === undefined || owned.replicas === replicas
    ? undefined
    : `${deployment.spec.replicas} replicas instead of ${replicas}`;
}

function isComplete({ metadata, spec, status }: DeploymentObject): boolean {
  return (
    (status.observedGeneration ?? 0) >= metadata.generation &&
    (status.updatedReplicas ?? 0) === spec.replicas &&
    (status.replicas ?? 0) === spec.replicas &&
    (status.availableReplicas ?? 0) >= spec.replicas
  );
}
