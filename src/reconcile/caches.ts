import { createListWatch, type Selection } from '../cluster/list-watch.ts';
import { resourceLabel, type Resource } from '../cluster/resource.ts';
import type { Transport } from '../cluster/transport.ts';
import type { Clock } from '../controller/clock.ts';
import type { Stored } from '../controller/feed.ts';
import { Reflector, type ReflectorHooks } from '../controller/reflector.ts';
import { namespaceOf } from '../controller/object-key.ts';
import { Store } from '../controller/store.ts';
import { CHILD_SELECTOR } from '../api/names.ts';
import type { OperatorConfig } from '../api/operator-config.ts';
import {
  projectContent,
  projectInstallation,
  projectProvider,
  projectSoftware,
  type ProviderView,
  type SoftwareView,
} from './project.ts';
import { projectBudget, projectDeployment, projectService } from './project-children.ts';
import { projectPod } from './project-pod.ts';
import { projectRevision } from './project-revision.ts';
import type { Raw } from './raw.ts';
import {
  CHILDREN,
  CONFIG_MAPS,
  INSTALLATIONS,
  PODS,
  PROVIDERS,
  SECRETS,
  SYSTEM_SOFTWARE,
  UNWATCHED_CONFIG_MAP,
} from './resources.ts';

export interface CacheOptions {
  readonly transport: Transport;
  readonly config: OperatorConfig;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly watchSecrets: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly hooksFor: (resource: string) => ReflectorHooks;
}

export type Caches = ReturnType<typeof createCaches>;

/** Everything that the operator sees: projections of what it watches, and nothing that it does not need. */
export function createCaches(options: CacheOptions) {
  const { transport, config, namespaces, watchSecrets, clock, random, hooksFor } = options;
  const installations = new Store({
    namespace: (i: ReturnType<typeof projectInstallation>) => [i.namespace],
    uid: (i) => [i.uid],
    provider: (i: ReturnType<typeof projectInstallation>) => [providerKey(i.spec.provider)],
    configMap: (i) => referenced(i, 'configMapKeyRef'),
    secret: (i) => referenced(i, 'secretKeyRef'),
  });
  const providers = new Store<ProviderView>({});
  const software = new Store<SoftwareView>({});
  const deployments = new Store({
    reference: ({ key, references = [] }: ReturnType<typeof projectDeployment>) =>
      references.map(({ kind, name }) => `${kind} ${namespaceOf(key)}/${name}`),
  });
  const services = new Store<ReturnType<typeof projectService>>({});
  const budgets = new Store<ReturnType<typeof projectBudget>>({});
  const revisions = new Store({ installation: (r: ReturnType<typeof projectRevision>) => [r.installation] });
  const pods = new Store({ installation: (pod: ReturnType<typeof projectPod>) => [pod.installation] });
  const configMaps = new Store<ReturnType<typeof projectContent>>({});
  const secrets = new Store<ReturnType<typeof projectContent>>({});
  const reflectors: Pick<Reflector<Raw, Stored>, 'start' | 'stop' | 'wake' | 'hasSynced' | 'isLive' | 'isWatching'>[] =
    [];

  function watch<T extends Stored>(
    resource: Resource,
    store: Store<T>,
    project: (raw: Raw) => T,
    selection: Selection = {},
  ): readonly Pick<Reflector<Raw, T>, 'isWatching'>[] {
    const scopes = resource.namespaced && namespaces.length > 0 ? namespaces : [undefined];
    const begun = scopes.map((namespace) => {
      const source = createListWatch<Raw>(transport, resource, { ...selection, namespace }, random);
      const feed = store.feed(namespace);
      return new Reflector({ source, feed, project, clock, random, hooks: hooksFor(resourceLabel(resource)) });
    });
    reflectors.push(...begun);
    return begun;
  }

  const children = { labelSelector: CHILD_SELECTOR };
  const wishes = watch(INSTALLATIONS, installations, projectInstallation);
  watch(PROVIDERS, providers, (raw) => projectProvider(raw, config));
  watch(SYSTEM_SOFTWARE, software, (raw) => projectSoftware(raw, config));
  watch(CHILDREN.Deployment, deployments, projectDeployment, children);
  // These two without the label: a Service without a selector conflicts with nothing when ours is applied onto it, so
  // that only one who has seen it can leave it alone.
  watch(CHILDREN.Service, services, projectService);
  watch(CHILDREN.PodDisruptionBudget, budgets, projectBudget);
  watch(CHILDREN.ControllerRevision, revisions, projectRevision, children);
  watch(PODS, pods, projectPod, children);
  // One in every namespace, and nobody's configuration.
  watch(CONFIG_MAPS, configMaps, projectContent, { fieldSelector: `metadata.name!=${UNWATCHED_CONFIG_MAP}` });
  if (watchSecrets) {
    watch(SECRETS, secrets, projectContent);
  }

  return {
    installations,
    providers,
    software,
    deployments,
    services,
    budgets,
    revisions,
    pods,
    configMaps,
    secrets: watchSecrets ? secrets : undefined,
    start: () => reflectors.forEach((reflector) => reflector.start()),
    /** Half a picture would make installations look as if their children or providers were missing. */
    hasSynced: () => reflectors.every((reflector) => reflector.hasSynced),
    /** Changes of installations and of all that is published are seen: nobody acts on a wish that may be withdrawn by now. */
    seesWishes: () => wishes.every((reflector) => reflector.isWatching),
    /** Every change is seen. */
    isLive: () => reflectors.every((reflector) => reflector.isLive),
    /** The server answers: who waits for that needs not wait any longer. */
    wake: () => reflectors.forEach((reflector) => reflector.wake()),
    stop: () => Promise.all(reflectors.map((reflector) => reflector.stop())),
  };
}

/** The name of the Provider that `org/name` means. */
export function providerKey(provider: string | undefined): string {
  return (provider ?? '').replace('/', '.');
}

/** The keys of the ConfigMaps or Secrets that a spec refers to. */
function referenced(
  { namespace, spec }: ReturnType<typeof projectInstallation>,
  kind: 'configMapKeyRef' | 'secretKeyRef',
): string[] {
  const ofConfig = (spec.configFrom ?? []).flatMap((entry) => entry[kind]?.name ?? []);
  const ofInputs = (spec.userInputs ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef.name ?? []);
  const names = kind === 'secretKeyRef' ? [...ofConfig, ...ofInputs] : ofConfig;
  return [...new Set(names)].map((name) => `${namespace}/${name}`);
}
