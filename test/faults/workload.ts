import { setTimeout as sleep } from 'node:timers/promises';
import { CHILDREN, INSTALLATIONS, PROVIDERS } from '../../src/reconcile/resources.ts';
import { installation, provider } from '../integration/support/cluster.ts';
import type { DeploymentObject, InstallationObject, KubernetesObject } from '../integration/support/kubectl.ts';
import { PATIENCE_MS } from '../integration/support/patience.ts';
import type { AdminApi } from './admin-api.ts';

const LOOK_EVERY_MS = 100;

/** The installations that tenants want in one namespace, and whether they have them. */
export class Workload {
  readonly #api: AdminApi;
  readonly #namespace: string;
  /** The greeting that each installation should have, by its name. */
  readonly #wanted = new Map<string, string>();

  constructor(api: AdminApi, namespace: string) {
    this.#api = api;
    this.#namespace = namespace;
  }

  /** Publishes the provider of all these installations. */
  async publish(): Promise<void> {
    await this.#api.apply(PROVIDERS, provider(this.#namespace, '1.0.0'));
  }

  /** Creates an installation, or edits the one that is there. */
  async want(name: string, greeting: string): Promise<void> {
    this.#wanted.set(name, greeting);
    const spec = { provider: `${this.#namespace}/web`, resourceTier: 'free', config: { GREETING: greeting } };
    await this.#api.apply(INSTALLATIONS, installation(this.#namespace, name, spec));
  }

  async drop(name: string): Promise<void> {
    this.#wanted.delete(name);
    await this.#api.remove(INSTALLATIONS, { namespace: this.#namespace, name });
  }

  /** Deletes a Deployment that somebody still wants. */
  async damage(name: string): Promise<void> {
    await this.#api.remove(CHILDREN.Deployment, { namespace: this.#namespace, name });
  }

  /** Makes an edit, a creation and a deletion. Each round needs another name. */
  async change(round: string): Promise<void> {
    const oldest = [...this.#wanted.keys()].find((name) => name !== 'edited');
    await Promise.all([this.want('edited', round), this.want(round, round), oldest === undefined || this.drop(oldest)]);
  }

  /** Forgets all wishes, as when all installations were deleted with their CRD or their namespace. */
  forgetAll(): void {
    this.#wanted.clear();
  }

  /** Waits until the operator has done its part, whatever the rest of the control plane does with it. */
  actedOn(): Promise<void> {
    return this.#until((found) => [...this.#complaints(found, childComplaint), ...this.#stray(found)]);
  }

  /** Waits until the rest of the control plane has rolled out what the operator wrote. */
  rolledOut(): Promise<void> {
    return this.#until((found) => this.#complaints(found, rolloutComplaint));
  }

  /** Waits until every wish is fulfilled. */
  converges(): Promise<void> {
    return this.#until((found) => [...this.#complaints(found, complaintOf), ...this.#stray(found)]);
  }

  /**
   * Waits until every wish is fulfilled and nothing is left of deleted installations. The garbage collector removes
   * that, and learns of new CRDs only every 30 s.
   */
  collected(): Promise<void> {
    return this.#until((found) => [...this.#complaints(found, complaintOf), ...this.#unwanted(found)]);
  }

  async #until(complain: (found: Found) => string[]): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const complaints = complain(await this.#look());
      if (complaints.length === 0) {
        return;
      }
      if (performance.now() > deadline) {
        throw new Error(`After ${PATIENCE_MS / 1000} s still:\n${complaints.join('\n')}`);
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  async #look(): Promise<Found> {
    const [installations, deployments, services] = await Promise.all([
      this.#api.list<InstallationObject>(INSTALLATIONS, this.#namespace),
      this.#api.list<DeploymentObject>(CHILDREN.Deployment, this.#namespace),
      this.#api.list<KubernetesObject>(CHILDREN.Service, this.#namespace),
    ]);
    return { installations, deployments, services };
  }

  #complaints({ installations, deployments, services }: Found, complain: typeof complaintOf): string[] {
    return Array.from(this.#wanted, ([name, greeting]) => {
      const installation = named(installations, name);
      const children = { deployment: named(deployments, name), service: named(services, name) };
      return installation ? complain(installation, greeting, children) : `${name} is missing`;
    }).filter((complaint) => complaint !== undefined);
  }

  #unwanted({ installations, deployments, services }: Found): string[] {
    return [...installations, ...deployments, ...services]
      .filter(({ metadata }) => !this.#wanted.has(metadata.name))
      .map(({ metadata }) => `${metadata.name} is there although nobody wants it`);
  }

  /** Children that nobody wants and that nobody will collect. */
  #stray({ installations, deployments, services }: Found): string[] {
    const present = new Set(installations.map(({ metadata }) => metadata.uid));
    return [...deployments, ...services]
      .filter(({ metadata }) => !this.#wanted.has(metadata.name))
      .filter(({ metadata }) => metadata.ownerReferences?.every((owner) => present.has(owner.uid)) ?? true)
      .map(({ metadata }) => `${metadata.name} is a stray child`);
  }
}

interface Found {
  readonly installations: readonly InstallationObject[];
  readonly deployments: readonly DeploymentObject[];
  readonly services: readonly KubernetesObject[];
}

interface Children {
  readonly deployment: DeploymentObject | undefined;
  readonly service: KubernetesObject | undefined;
}

function complaintOf(installation: InstallationObject, greeting: string, children: Children): string | undefined {
  const { name, generation } = installation.metadata;
  const ready = installation.status.conditions?.find((c) => c.type === 'Ready');
  const isReady = ready?.status === 'True' && ready.observedGeneration === generation;
  return (
    childComplaint(installation, greeting, children) ??
    (isReady ? undefined : `${name} is not Ready: ${JSON.stringify(ready)}`)
  );
}

function rolloutComplaint(installation: InstallationObject, greeting: string, children: Children): string | undefined {
  const { metadata, spec, status } = children.deployment ?? {};
  const rolledOut =
    status?.observedGeneration === metadata?.generation &&
    status?.replicas === spec?.replicas &&
    status?.updatedReplicas === spec?.replicas &&
    status?.availableReplicas === spec?.replicas;
  return (
    childComplaint(installation, greeting, children) ??
    (rolledOut ? undefined : `${metadata?.name} is not rolled out: ${JSON.stringify(status)}`)
  );
}

function childComplaint({ metadata }: InstallationObject, greeting: string, children: Children): string | undefined {
  const { deployment, service } = children;
  if (!isOwnedBy(metadata.uid, deployment) || !isOwnedBy(metadata.uid, service)) {
    return `${metadata.name} has no Deployment or no Service`;
  }
  const found = deployment?.spec.template.spec.containers[0]?.env?.find((e) => e.name === 'GREETING')?.value;
  return found === greeting ? undefined : `${metadata.name} greets with ${found} instead of ${greeting}`;
}

function isOwnedBy(uid: string, child: KubernetesObject | undefined): boolean {
  return child?.metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false;
}

function named<T extends KubernetesObject>(objects: readonly T[], name: string): T | undefined {
  return objects.find(({ metadata }) => metadata.name === name);
}
