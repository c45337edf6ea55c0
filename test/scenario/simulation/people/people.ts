import type { InstallationSpec, InstallationStatus } from '../../../../src/api/installation.ts';
import { ANNOTATION } from '../../../../src/api/names.ts';
import type { Release } from '../../../../src/api/provider.ts';
import type { SoftwareRelease } from '../../../../src/api/software.ts';
import { release, softwareRelease } from '../../../support/builders.ts';
import { KINDS, type Kind } from '../../cluster/kinds.ts';
import type { ApiObject } from '../../cluster/object.ts';
import type { Fate } from '../../cluster/pod.ts';
import type { ApiServer } from '../../cluster/server.ts';
import { templateOf, type Template } from './deployments.ts';

/** The changes that people make to a cluster, in the words of the stories: publishers, tenants and third parties. */

export type Wish = Partial<InstallationSpec>;

/** The Provider whose releases all installations use. */
export const PROVIDER = 'acme.web';

export function publish(server: ApiServer, ...versions: readonly (Release | string)[]): void {
  const spec = { org: 'acme', name: 'web', versions: versions.map((v) => (typeof v === 'string' ? release(v) : v)) };
  if (server.get(KINDS.Provider, PROVIDER)) {
    server.edit(KINDS.Provider, PROVIDER, { manager: 'publisher' }, (live) => ({ ...live, spec }));
  } else {
    server.create(KINDS.Provider, { metadata: { name: PROVIDER }, spec }, 'publisher');
  }
}

export function published(server: Pick<ApiServer, 'get'>): readonly Release[] {
  return (
    (server.get(KINDS.Provider, PROVIDER)?.['spec'] as { versions: readonly Release[] } | undefined)?.versions ?? []
  );
}

/** Publishes these versions of one software, in place of the former ones. */
export function publishSoftware(
  server: ApiServer,
  name: string,
  ...versions: readonly (SoftwareRelease | string)[]
): void {
  const spec = { versions: versions.map((v) => (typeof v === 'string' ? softwareRelease(name, v) : v)) };
  if (server.get(KINDS.SystemSoftware, name)) {
    server.edit(KINDS.SystemSoftware, name, { manager: 'publisher' }, (live) => ({ ...live, spec }));
  } else {
    server.create(KINDS.SystemSoftware, { metadata: { name }, spec }, 'publisher');
  }
}

export function publishedSoftware(server: Pick<ApiServer, 'get'>, name: string): readonly SoftwareRelease[] {
  const { versions = [] } = (server.get(KINDS.SystemSoftware, name)?.['spec'] ?? {}) as {
    readonly versions?: readonly SoftwareRelease[];
  };
  return versions;
}

export function install(server: ApiServer, name: string, wish: Wish = {}): void {
  const spec = { provider: 'acme/web', ...wish };
  server.create(KINDS.ProviderInstallation, { metadata: { namespace: 'shop', name }, spec }, 'tenant');
}

/** Changes the spec; a field that is undefined is removed. */
export function edit(
  server: ApiServer,
  name: string,
  wish: { readonly [Field in keyof Wish]: Wish[Field] | undefined },
): void {
  server.edit(KINDS.ProviderInstallation, `shop/${name}`, { manager: 'tenant' }, (live) => {
    const entries = Object.entries({ ...specOf(live), ...wish }).filter(([, value]) => value !== undefined);
    return { ...live, spec: Object.fromEntries(entries) };
  });
}

export function specOf(installation: ApiObject): InstallationSpec {
  return installation['spec'] as InstallationSpec;
}

export function statusOf(installation: ApiObject): InstallationStatus {
  return installation['status'] as InstallationStatus;
}

export function configure(server: ApiServer, name: string, data: Readonly<Record<string, string>>): void {
  if (server.get(KINDS.ConfigMap, `shop/${name}`)) {
    server.edit(KINDS.ConfigMap, `shop/${name}`, { manager: 'tenant' }, (live) => ({ ...live, data }));
  } else {
    server.create(KINDS.ConfigMap, { metadata: { namespace: 'shop', name }, data }, 'tenant');
  }
}

interface Podlike {
  readonly replicas?: number;
  readonly template: Template;
}

/** Somebody changes the container of a Deployment. */
export function changeContainer(server: ApiServer, name: string, change: object): void {
  changeSpec(server, name, 'intruder', (spec) => {
    const containers = spec.template.spec.containers.map((c) => ({ ...c, ...change }));
    return { ...spec, template: { ...spec.template, spec: { ...spec.template.spec, containers } } };
  });
}

/** What somebody adds where only the operator sets anything. */
export const STRANGERS = ['variable', 'container', 'init container', 'host network'] as const;

export function addStranger(server: ApiServer, name: string, what: (typeof STRANGERS)[number]): void {
  const stranger = { name: 'stranger', image: 'registry.example.com/stranger:1' };
  changeSpec(server, name, 'intruder', (spec) => {
    const { spec: pod } = spec.template;
    const { containers, initContainers = [] } = pod;
    const changes = {
      variable: {
        containers: containers.map((c) => ({ ...c, env: [...(c.env ?? []), { name: 'STRANGER', value: 'x' }] })),
      },
      container: { containers: [...containers, stranger] },
      'init container': { initContainers: [...initContainers, stranger] },
      'host network': { hostNetwork: true },
    };
    return { ...spec, template: { ...spec.template, spec: { ...pod, ...changes[what] } } };
  });
}

/** As the restore of a backup without managedFields. */
export function clearOwners(server: ApiServer, kind: Kind, name: string): void {
  server.edit(kind, `shop/${name}`, { manager: 'intruder' }, (live) => ({
    ...live,
    metadata: { ...live.metadata, managedFields: [] },
  }));
}

export function scale(server: ApiServer, name: string, replicas: number): void {
  changeSpec(server, name, 'kubectl', (spec) => ({ ...spec, replicas }), 'scale');
}

function changeSpec(
  server: ApiServer,
  name: string,
  manager: string,
  change: (spec: Podlike) => Podlike,
  subresource?: string,
): void {
  const writer = { manager, ...(subresource !== undefined && { subresource }) };
  server.edit(KINDS.Deployment, `shop/${name}`, writer, (live) => ({ ...live, spec: change(live['spec'] as Podlike) }));
}

/** `kubectl rollout restart`: replaces the pods with new ones of the same content. */
export function restart(server: ApiServer, name: string): void {
  changeSpec(server, name, 'kubectl-rollout', (spec) => {
    const { metadata } = spec.template;
    const annotations = { ...metadata?.annotations, 'kubectl.kubernetes.io/restartedAt': String(server.version) };
    return { ...spec, template: { ...spec.template, metadata: { ...metadata, annotations } } };
  });
}

/** `kubectl rollout undo`: brings back an earlier template, and the annotations that the Deployment had with it. */
export function undo(server: ApiServer, name: string): void {
  const key = `shop/${name}`;
  const earlier = earlierDeployment(server, key);
  if (earlier) {
    const { annotations = {} } = earlier.metadata;
    const template = templateOf(earlier);
    server.edit(KINDS.Deployment, key, { manager: 'kubectl-rollout' }, (live) => ({
      ...live,
      metadata: { ...live.metadata, annotations },
      spec: { ...(live['spec'] as Podlike), template },
    }));
  }
}

/** The last state of a Deployment whose template differs from the present one. */
export function earlierDeployment(server: ApiServer, key: string): ApiObject | undefined {
  const live = server.get(KINDS.Deployment, key);
  const current = live && JSON.stringify(templateOf(live));
  return server.history
    .flatMap(({ kind, key: k, after }) => (kind === KINDS.Deployment && k === key && after ? [after] : []))
    .findLast((deployment) => JSON.stringify(templateOf(deployment)) !== current);
}

export function relabel(server: ApiServer, kind: Kind, name: string, label: string): void {
  server.edit(kind, `shop/${name}`, { manager: 'intruder' }, (live) => {
    const { [label]: _, ...labels } = live.metadata.labels ?? {};
    return { ...live, metadata: { ...live.metadata, labels } };
  });
}

/** Somebody removes the owner of a child, so that it belongs to nobody. */
export function disown(server: ApiServer, kind: Kind, name: string): void {
  server.edit(kind, `shop/${name}`, { manager: 'intruder' }, (live) => {
    const { ownerReferences: _, ...metadata } = live.metadata;
    return { ...live, metadata };
  });
}

/** As `kubectl replace --force`: another object with the same content. */
export function replace(server: ApiServer, kind: Kind, name: string): void {
  const live = server.get(kind, `shop/${name}`);
  if (live) {
    const { uid: _, resourceVersion: _v, managedFields: _m, ...metadata } = live.metadata;
    server.remove(kind, `shop/${name}`, 'kubectl-replace');
    server.create(kind, { ...live, metadata, status: {} }, 'kubectl-replace');
  }
}

/** A release whose image names the fate of its pods. */
export function bad(version: string, fate: Fate, more: Partial<Release> = {}): Release {
  return release(version, { image: `registry.example.com/acme/web:${version}-${fate}`, ...more });
}

/** A version of a software whose image, or a variable that it brings, names the fate of the pods. */
export function badSoftware(
  name: string,
  version: string,
  fate: Fate,
  more: Partial<SoftwareRelease> = {},
): SoftwareRelease {
  const { provides, ...good } = softwareRelease(name, version, more);
  return fate === 'never-ready'
    ? { ...good, provides: { ...provides, env: [{ name: 'MODE', value: fate }] } }
    : { ...good, provides: { ...provides, image: `${provides?.image}-${fate}` } };
}

/** Yanks a release: whoever does not run it yet may not take it any more. */
export function yank(server: ApiServer, version: string, message = ''): void {
  const yanked = { stage: 'yanked', message } as const;
  publish(server, ...published(server).map((r) => (r.version === version ? { ...r, lifecycle: yanked } : r)));
}

/** Asks for a retry of what failed: in one installation, or in all of the Provider if `name` is absent. */
export function retry(server: ApiServer, value: string, name?: string): void {
  const [kind, key] = name === undefined ? [KINDS.Provider, PROVIDER] : [KINDS.ProviderInstallation, `shop/${name}`];
  annotate(server, kind, key, { [ANNOTATION.retry]: value });
}

/** Asks for new pods of the same, or takes the annotation away. */
export function wishRestart(server: ApiServer, name: string, value: string | undefined): void {
  annotate(server, KINDS.ProviderInstallation, `shop/${name}`, { [ANNOTATION.restart]: value });
}

/** An annotation that is undefined is removed. */
function annotate(server: ApiServer, kind: Kind, key: string, more: Record<string, string | undefined>): void {
  server.edit(kind, key, { manager: 'tenant' }, (live) => {
    const entries = Object.entries({ ...live.metadata.annotations, ...more });
    const annotations = Object.fromEntries(entries.flatMap(([name, v]) => (v === undefined ? [] : [[name, v]])));
    return { ...live, metadata: { ...live.metadata, annotations } };
  });
}

/** The restart that an installation asks for, or by now no one does and its pods have. */
export function restartOf(installation: ApiObject, deployment: ApiObject | undefined): string | undefined {
  const ofPods = deployment && templateOf(deployment).metadata?.annotations?.[ANNOTATION.restart];
  return installation.metadata.annotations?.[ANNOTATION.restart] ?? ofPods;
}

/** Wipes the status, as the restore of a backup without status does. */
export function wipeStatus(server: ApiServer, name: string): void {
  const writer = { manager: 'intruder', subresource: 'status' };
  const key = `shop/${name}`;
  if (server.get(KINDS.ProviderInstallation, key)) {
    server.edit(KINDS.ProviderInstallation, key, writer, (live) => ({ ...live, status: { observedGeneration: -1 } }));
  }
}
